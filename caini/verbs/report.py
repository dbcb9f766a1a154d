"""`caini report`: what a merchandiser reads after a training."""

import time
from pathlib import Path

from caini.opened import bundle_of
from caini.printed import print_json
from caini.progress import progress_lines
from caini.words import language_named
from engine.slots import read_slots
from training.report.kept import bundle_before, write_pages
from training.train import open_source


def run(
    bundles: Path,
    *,
    version: str | None,
    log: Path,
    items: Path | None,
    lang: str | None,
    out: Path,
    smallest_group: int,
    config: Path,
    quiet: bool,
    as_json: bool,
) -> None:
    started = time.monotonic()
    language = language_named(lang)
    bundle = bundle_of(bundles, version)
    language = language or bundle.shop.shop.language
    slots = read_slots(config / "slots.toml", bundle.shop)
    before = bundle_before(bundles, bundle.version)
    with progress_lines("report", shown=not quiet) as (say, _):
        (target,) = write_pages(
            bundle,
            before,
            open_source(log, items),
            slots,
            [language],
            out,
            k=smallest_group,
            say=say,
        )
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        print_json(
            {
                "version": bundle.version,
                "language": language,
                "out": str(target),
                "seconds": seconds,
            }
        )
    elif not quiet:
        print(f"{target}: bundle {bundle.version}, {seconds:.1f} s")  # noqa: T201
