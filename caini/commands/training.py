"""Verbs that turn the log into bundles, and bundles into reports."""

from pathlib import Path
from typing import Annotated

import typer

from caini.options import (
    CONFIG,
    Bundles,
    Config,
    Data,
    Items,
    Json,
    Lang,
    Log,
    Out,
    Quiet,
    Search,
    Url,
)


def train(
    log: Log,
    out: Out,
    items: Items = None,
    search: Search = True,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Choose settings, train on a log, measure on its last part, publish a bundle."""
    from caini.verbs.train import run

    run(log, out, items=items, config=config, searching=search, quiet=quiet, as_json=json)


def retrain(
    log: Log,
    out: Out,
    items: Items = None,
    url: Url = None,
    data: Data = None,
    search: Search = True,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Archive, publish and cut nothing; tell how many events wait."
        ),
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
    from training.job import Job

    run(
        Job(log, out, config, items, dry_run, override, search),
        url=url,
        data=data,
        quiet=quiet,
        as_json=json,
    )


def evaluate(
    log: Log,
    items: Items = None,
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


def tune(
    log: Log,
    out: Annotated[Path, typer.Option(help="File for the diff; OUT.journal keeps the trials.")],
    items: Items = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Of the whole run; 30 if neither this nor --trials.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=0, help="So many in each room of settings.")
    ] = None,
    search: Search = True,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Search long for settings that training does not choose itself; write a diff, change none."""
    from caini.verbs.tune import run
    from training.tune.study import budget_of

    run(
        log,
        out,
        items=items,
        budget=budget_of(minutes, trials),
        searching=search,
        config=config,
        quiet=quiet,
        as_json=json,
    )


def report(
    bundles: Bundles,
    log: Annotated[Path, typer.Option(help="The log that the bundle was trained on.")],
    out: Annotated[Path, typer.Option(help="Folder to write the page and the tables to.")],
    version: Annotated[str | None, typer.Option(help="The live one, when left out.")] = None,
    items: Items = None,
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


def versions(bundles: Bundles, json: Json = False) -> None:
    """List the published bundles and which of them is live."""
    from caini.verbs.versions import run

    run(bundles, as_json=json)


def rollback(
    bundles: Bundles,
    version: Annotated[str | None, typer.Argument(help="The one before, when left out.")] = None,
    json: Json = False,
) -> None:
    """Make an older bundle the live one; servers follow within a second."""
    from caini.verbs.rollback import run

    run(bundles, version, as_json=json)
