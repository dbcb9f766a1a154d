"""The command `caini`: each verb imports its side only when it is called."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import CainiError

app = typer.Typer(
    name="caini",
    help="Caini (猜你喜欢): a recommendation engine that knows who is asking.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # measured: boxes around the help take two thirds of its time
    pretty_exceptions_enable=False,
)

Bundles = Annotated[Path, typer.Option(help="Folder that bundles are published to.")]
Config = Annotated[Path, typer.Option(help="Folder with shop.toml, slots.toml and train.toml.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
Search = Annotated[bool, typer.Option("--search/--no-search", help="Choose settings on the past.")]
Lang = Annotated[str | None, typer.Option(help="en or zh; the shop's language when left out.")]
CONFIG = Path("config")


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="File to read.")],
    out: Annotated[Path, typer.Option(help="Log to write (Parquet).")],
    format: Annotated[  # noqa: A002  # the option's name
        str, typer.Option(help="events, online-retail, retailrocket, lists, cdnow or mapping.")
    ],
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
    """Turn a shop's log into events; what is wrong goes to a quarantine file."""
    from caini.verbs.import_ import run

    run(
        source,
        out,
        format=format,
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


@app.command()
def train(
    log: Annotated[Path, typer.Option(help="Log from caini import.")],
    out: Annotated[Path, typer.Option(help="Folder that bundles are published to.")],
    items: Annotated[Path | None, typer.Option(help="Catalogue; LOG.items.parquet.")] = None,
    search: Search = True,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Choose settings, train on a log, measure on its last part, publish a bundle."""
    from caini.verbs.train import run

    run(log, out, items=items, config=config, searching=search, quiet=quiet, as_json=json)


@app.command()
def archive(
    log: Annotated[Path, typer.Option(help="Log that the server's events join.")],
    bundles: Annotated[
        Path | None, typer.Option(help="Cut from the store what all bundles here hold.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Redis; better in CAINI_REDIS_URL, where nobody sees it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the private Redis.")] = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Append the events that the server has accepted to the log, each exactly once."""
    from caini.verbs.archive import run

    run(log, bundles=bundles, url=url, data=data, config=config, as_json=json)


@app.command()
def erase(
    log: Annotated[Path, typer.Option(help="Log that erased customers leave.")],
    bundles: Annotated[
        Path | None, typer.Option(help="Remove bundles here that hold them and are not live.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Redis; better in CAINI_REDIS_URL, where nobody sees it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the private Redis.")] = None,
    older_than_days: Annotated[
        float, typer.Option(min=0, help="Keep bundles for a rollback so long after an erasure.")
    ] = 7.0,
    json: Json = False,
) -> None:
    """Carry out erasures: in the store, the log, the ledger of messages and old bundles."""
    from caini.verbs.erase import run

    run(log, bundles=bundles, url=url, data=data, older_than_days=older_than_days, as_json=json)


@app.command()
def retrain(
    log: Annotated[Path, typer.Option(help="Log from caini import or caini archive.")],
    out: Annotated[Path, typer.Option(help="Folder that bundles are published to.")],
    items: Annotated[Path | None, typer.Option(help="Catalogue; LOG.items.parquet.")] = None,
    url: Annotated[
        str | None, typer.Option(help="Redis; better in CAINI_REDIS_URL, where nobody sees it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the private Redis.")] = None,
    search: Search = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Archive nothing, publish nothing, cut nothing.")
    ] = False,
    override: Annotated[
        str | None, typer.Option(help="Publish in spite of errors; say why, it is kept.")
    ] = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Archive, check, train, measure, compare with what is live, and publish if it is no worse."""
    from caini.verbs.retrain import run
    from training.retrain import Job

    run(
        Job(log, out, config, items, dry_run, override, search),
        url=url,
        data=data,
        quiet=quiet,
        as_json=json,
    )


@app.command()
def evaluate(
    log: Annotated[Path, typer.Option(help="Log from caini import.")],
    items: Annotated[Path | None, typer.Option(help="Catalogue; LOG.items.parquet.")] = None,
    split: Annotated[
        str | None, typer.Option(help="time:28d, last or given; [evaluation] when left out.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="Log that judges; with --split given.")] = None,
    models: Annotated[str | None, typer.Option(help="Only these, with commas between.")] = None,
    segments: Annotated[
        bool, typer.Option("--segments", help="The path by segment, tier, stage and history.")
    ] = False,
    search: Search = True,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure every model, their blend and the personal path against baselines; publish nothing."""
    from caini.verbs.evaluate import Wanted, run

    wanted = Wanted(split, test, None if models is None else models.split(","), segments, search)
    run(log, wanted, items=items, config=config, quiet=quiet, as_json=json)


@app.command()
def recommend(
    bundles: Bundles,
    customer: Annotated[str | None, typer.Option(help="Customer id; nobody when left out.")] = None,
    slot: Annotated[str, typer.Option(help="A slot of slots.toml.")] = "home",
    n: Annotated[
        int | None, typer.Option(min=1, max=200, help="How many; the slot's size when left out.")
    ] = None,
    category: Annotated[str | None, typer.Option(help='Path, like "food > tea".')] = None,
    context: Annotated[list[str] | None, typer.Option(help="Items of the page.")] = None,
    cart: Annotated[list[str] | None, typer.Option(help="Items in the cart.")] = None,
    search: Annotated[str | None, typer.Option(help="Words searched for.")] = None,
    lang: Lang = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Show what a slot would hold for a customer, and why."""
    from caini.verbs.recommend import Wanted, run

    run(
        bundles,
        Wanted(customer, slot, n, category, tuple(context or ()), tuple(cart or ()), search),
        config=config,
        lang=lang,
        as_json=json,
    )


@app.command()
def batch(
    bundles: Bundles,
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    slot: Annotated[str, typer.Option(help="A slot of slots.toml.")] = "home",
    n: Annotated[int, typer.Option(min=1, max=200, help="Items for each customer.")] = 20,
    repeat: Annotated[
        str | None, typer.Option(help="never, when_due or always; else the slot's own.")
    ] = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fill a slot for every customer of the current bundle."""
    from caini.verbs.batch import run

    run(bundles, out, slot=slot, n=n, repeat=repeat, config=config, quiet=quiet, as_json=json)


@app.command()
def segments(
    bundles: Bundles, lang: Lang = None, config: Config = CONFIG, json: Json = False
) -> None:
    """Show each segment's size, its share of customers and revenue, and some of its customers."""
    from caini.verbs.segments import run

    run(bundles, config=config, lang=lang, as_json=json)


@app.command()
def audience(
    bundles: Bundles,
    out: Annotated[Path, typer.Option(help="CSV or Parquet file to write.")],
    segment: Annotated[str | None, typer.Option(help="Everybody of a segment.")] = None,
    item: Annotated[str | None, typer.Option(help="Who is likeliest to want an item.")] = None,
    brand: Annotated[str | None, typer.Option(help="Or something of a brand.")] = None,
    category: Annotated[str | None, typer.Option(help="Or of a category and below.")] = None,
    after: Annotated[
        str | None, typer.Option(help="Second wave: who got the list of this name, and no order.")
    ] = None,
    slot: Annotated[str, typer.Option(help="A slot of slots.toml that fills the message.")] = "my",
    n: Annotated[int, typer.Option(min=1, max=50, help="Items in a message.")] = 10,
    channel: Annotated[
        str | None, typer.Option(help="email, sms, app …; each customer's best when left out.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=1, help="Most customers for an item, a brand or a category.")
    ] = 1_000,
    holdout: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share who get nothing, to compare with.")
    ] = 0.0,
    name: Annotated[
        str | None, typer.Option(help="Of the campaign; like segment:dormant when left out.")
    ] = None,
    hash_salt: Annotated[
        str | None, typer.Option(help="Hash ids with the salt in this environment variable.")
    ] = None,
    now: Annotated[str | None, typer.Option(help="Instant, ISO 8601; the log's end.")] = None,
    suppress: Annotated[
        Path | None, typer.Option(help="File of ids, one a line, that get nothing.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="BUNDLES/.sent/ledger.sqlite.")] = None,
    lang: Lang = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """List whom to write to: where, when, with which items, why, and at which price.

    Who opted out, was written to too often or is held out is left out, and so are items that a
    customer was sent lately. What is in the file counts as sent.
    """
    from caini.instants import instant_of
    from caini.verbs.audience import Wanted, run

    run(
        bundles,
        Wanted(
            segment=segment,
            item=item,
            brand=brand,
            category=category,
            after=after,
            slot=slot,
            n=n,
            channel=channel,
            size=size,
            holdout=holdout,
            name=name,
            hash_salt=hash_salt,
            now=None if now is None else instant_of(now),
            suppress=suppress,
        ),
        out,
        ledger=ledger,
        config=config,
        lang=lang,
        quiet=quiet,
        as_json=json,
    )


@app.command()
def triggers(
    bundles: Bundles,
    out: Annotated[Path | None, typer.Option(help="JSON Lines file to write.")] = None,
    now: Annotated[str | None, typer.Option(help="Instant, ISO 8601; this moment.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print who would be touched; remember nothing.")
    ] = False,
    channel: Annotated[
        str | None, typer.Option(help="email, sms, app …; each customer's best when left out.")
    ] = None,
    suppress: Annotated[
        Path | None, typer.Option(help="File of ids, one a line, that get nothing.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="BUNDLES/.sent/ledger.sqlite.")] = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write what the shop says by itself today: birthdays, festivals, care, due, wake-up, tiers.

    One line a message, for a message sender; the same cause never makes a second line.
    """
    from caini.instants import instant_of
    from caini.verbs.triggers import Asked, run

    moment = None if now is None else instant_of(now)
    run(
        bundles,
        Asked(moment, out, dry_run, channel, ledger, suppress),
        config=config,
        quiet=quiet,
        as_json=json,
    )


@app.command()
def report(
    bundles: Bundles,
    log: Annotated[Path, typer.Option(help="The log that the bundle was trained on.")],
    out: Annotated[Path, typer.Option(help="Folder to write the page and the tables to.")],
    version: Annotated[str | None, typer.Option(help="The live one, when left out.")] = None,
    items: Annotated[Path | None, typer.Option(help="Catalogue; LOG.items.parquet.")] = None,
    smallest_group: Annotated[
        int, typer.Option(min=1, help="Groups of fewer people are not shown.")
    ] = 5,
    lang: Lang = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the merchandiser's report: one page that needs no network, and a CSV for each table."""
    from caini.verbs.report import run

    run(
        bundles,
        version=version,
        log=log,
        items=items,
        lang=lang,
        out=out,
        smallest_group=smallest_group,
        config=config,
        quiet=quiet,
        as_json=json,
    )


@app.command()
def versions(bundles: Bundles, json: Json = False) -> None:
    """List the published bundles and which of them is live."""
    from caini.verbs.versions import run

    run(bundles, as_json=json)


@app.command()
def rollback(
    bundles: Bundles,
    version: Annotated[str | None, typer.Argument(help="The one before, when left out.")] = None,
    json: Json = False,
) -> None:
    """Make an older bundle the live one; servers follow within a second."""
    from caini.verbs.rollback import run

    run(bundles, version, as_json=json)


@app.command()
def serve(
    bundles: Bundles,
    host: Annotated[str | None, typer.Option(help="Address; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8000.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="1.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the private Redis; data.")] = None,
    config: Annotated[Path | None, typer.Option(help="Folder of slots.toml; config.")] = None,
) -> None:
    """Answer requests. What is left out comes from the environment (CAINI_PORT, …).

    CAINI_REDIS_URL names a Redis; without one a private redis-server is started.
    """
    from caini.verbs.serve import run

    run(bundles, host=host, port=port, workers=workers, data=data, config=config)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="A real log instead: online_retail.parquet.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(
        "demo-data"
    ),
    config: Config = CONFIG,
    customers: Annotated[int, typer.Option(min=50, help="Of the simulated shop.")] = 5_000,
    items: Annotated[int, typer.Option(min=200, help="Of the simulated shop.")] = 2_000,
    once: Annotated[bool, typer.Option("--once", help="Stop after the show.")] = False,
    lang: Lang = None,
) -> None:
    """Simulate a shop, train, serve, and watch slates react to events."""
    from caini.verbs.demo import run

    run(
        port=port,
        data=data,
        folder=folder,
        config=config,
        size=(customers, items),
        once=once,
        lang=lang,
    )


@app.command()
def doctor(
    bundles: Annotated[Path | None, typer.Option(help="Folder of bundles to check.")] = None,
    config: Config = CONFIG,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of an event.")
    ] = False,
    json: Json = False,
) -> None:
    """Check the machine, the configuration and the bundles; say what to mend."""
    from caini.verbs.doctor import run

    run(bundles, config=config, schema=schema, as_json=json)


def main() -> None:
    """Ends with the error's exit code; its message goes to standard error."""
    try:
        app()
    except CainiError as error:
        for line in str(error).splitlines():
            print(f"caini: error: {line}", file=sys.stderr)  # noqa: T201  # this is the terminal
        raise SystemExit(error.exit_code) from error
    except BrokenPipeError as error:  # the reader of a pipe has gone; nothing to say to it
        raise SystemExit(0) from error
