"""Verbs that make and keep the log."""

from pathlib import Path
from typing import Annotated

import typer

from caini.options import CONFIG, Config, Data, Json, Quiet, Url


def import_(
    out: Annotated[Path, typer.Option(help="Log to write (Parquet).")],
    source: Annotated[
        Path | None, typer.Argument(help="File of events; left out, the log stays as it is.")
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(help="events, online-retail, retailrocket, lists, cdnow or mapping."),
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="File of items, for the catalogue LOG.items.parquet.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML of column names.")] = None,
    quarantine: Annotated[Path | None, typer.Option(help="Where rejects go.")] = None,
    max_reject_share: Annotated[float, typer.Option(help="More rejects fail the import.")] = 0.05,
    encoding: Annotated[str, typer.Option(help="Of text files, where it cannot be told.")] = "auto",
    minor_units: Annotated[int | None, typer.Option(help="Decimals of the currency.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO code of the currency.")] = None,
    channel: Annotated[str | None, typer.Option(help="Where the log names none.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn a shop's log into events, and its list of items into the catalogue beside them.

    What is wrong goes to a quarantine file.
    """
    from caini.verbs.import_ import run

    run(
        source,
        out,
        format=format,
        items=items,
        mapping=mapping,
        quarantine=quarantine,
        max_reject_share=max_reject_share,
        minor_units=minor_units,
        currency=currency,
        channel=channel,
        encoding=encoding,
        quiet=quiet,
        as_json=json,
    )


def archive(
    log: Annotated[Path, typer.Option(help="Log that the server's events join.")],
    bundles: Annotated[
        Path | None, typer.Option(help="Cut from the store what all bundles here hold.")
    ] = None,
    url: Url = None,
    data: Data = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Append the events that the server has accepted to the log, each exactly once."""
    from caini.verbs.archive import run

    run(log, bundles=bundles, url=url, data=data, config=config, as_json=json)


def erase(
    log: Annotated[Path, typer.Option(help="Log that erased customers leave.")],
    bundles: Annotated[
        Path | None, typer.Option(help="Remove bundles here that hold them and are not live.")
    ] = None,
    url: Url = None,
    data: Data = None,
    older_than_days: Annotated[
        float, typer.Option(min=0, help="Keep bundles for a rollback so long after an erasure.")
    ] = 7.0,
    ledger: Annotated[
        list[Path] | None,
        typer.Option(help="A ledger of lists, if BUNDLES does not know of it; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Carry out erasures: in the store, the log, the ledgers of messages and old bundles."""
    from caini.verbs.erase import run

    run(
        log,
        bundles=bundles,
        url=url,
        data=data,
        older_than_days=older_than_days,
        ledgers=ledger or (),
        as_json=json,
    )
