"""`caini train`: measure, refit, publish."""

import time
from pathlib import Path

from caini.instants import wall_clock
from caini.printed import print_json, print_table
from caini.progress import progress_lines
from engine.bundle import Manifest
from training.evaluate import Evaluation
from training.ranker import as_said
from training.train import open_source, read_settings, train

SHORT = {"recall": "R@", "ndcg": "NDCG@", "coverage": "cov@"}


def run(
    log: Path,
    out: Path,
    *,
    items: Path | None,
    config: Path,
    searching: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    settings = read_settings(config, search=searching)
    source = open_source(log, items)
    started = time.monotonic()
    with progress_lines("train", shown=not quiet) as (say, _):
        manifest, evaluation = train(source, settings, out, now=wall_clock, say=say)
    seconds = time.monotonic() - started
    if as_json:
        told = manifest.model_dump(mode="json", exclude={"files", "settings"})
        print_json({**told, "seconds": round(seconds, 2)})
    elif not quiet:
        _print(manifest, evaluation, seconds, out)


def _print(manifest: Manifest, evaluation: Evaluation, seconds: float, out: Path) -> None:
    print_evaluation(evaluation)
    if manifest.ranker:
        print(as_said(manifest.ranker))  # noqa: T201
    counts = manifest.counts
    print(  # noqa: T201
        f"{counts['events']} events, {counts['customers']} customers, {counts['items']} items; "
        f"{seconds:.1f} s; {manifest.version} is live in {out}"
    )


def print_evaluation(evaluation: Evaluation) -> None:
    """Two tables: all purchases, and discoveries."""
    for title, customers, part in (
        ("All purchases", evaluation.customers, "everything"),
        ("Not bought before", evaluation.customers_new, "new_items"),
    ):
        names = [name for name in evaluation.lines[0].everything if name.split("@")[0] in SHORT]
        lines = [
            (
                line.name,
                *(getattr(line, part)[name] for name in names),
                round(line.customers_a_second),
            )
            for line in evaluation.lines
        ]
        print_table(
            f"{title}, {evaluation.split}: {customers} customers",
            ("path", *(SHORT[name.split("@")[0]] + name.split("@")[1] for name in names), "cust/s"),
            lines,
        )
