"""Verbs that run a server, and look after it."""

from pathlib import Path
from typing import Annotated

import typer

from caini.options import CONFIG, Bundles, Config, Data, Json, Lang


def serve(
    bundles: Bundles,
    host: Annotated[str | None, typer.Option(help="Address; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8000.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="1.")] = None,
    data: Data = None,
    config: Annotated[Path | None, typer.Option(help="Folder of slots.toml; config.")] = None,
    clock: Annotated[
        str | None, typer.Option(help="wall, or log: now is the end of the log; wall.")
    ] = None,
) -> None:
    """Answer requests. What is left out comes from the environment (CAINI_PORT, …).

    CAINI_REDIS_URL names a Redis; without one a private redis-server is started.
    """
    from caini.verbs.serve import run

    run(
        bundles,
        host=host,
        port=port,
        workers=workers,
        data=data,
        config=config,
        clock=clock,
    )


def key(
    name: Annotated[str, typer.Argument(help="Of whoever gets it; the log of changes names it.")],
    scope: Annotated[
        list[str],
        typer.Option(help="recommend, events, items, customers, identity, erasure or metrics."),
    ],
    sections: Annotated[
        list[str] | None,
        typer.Option(help="With scope customers: all that it may see of one, as user or usage."),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="How long it holds.")] = None,
    json: Json = False,
) -> None:
    """Make a key to the server. It is shown once; the file of keys holds its digest alone."""
    from caini.verbs.key import run

    run(name, scope, sections=sections or (), days=days, as_json=json)


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


def doctor(
    bundles: Annotated[Path | None, typer.Option(help="Folder of bundles to check.")] = None,
    data: Data = None,
    config: Config = CONFIG,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of an event.")
    ] = False,
    json: Json = False,
) -> None:
    """Check the machine, the configuration and the bundles; say what to mend."""
    from caini.verbs.doctor import run

    run(bundles, data=data, config=config, schema=schema, as_json=json)
