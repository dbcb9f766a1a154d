"""`caini report`: what a merchandiser reads after a training."""

import time
from pathlib import Path

from rich.console import Console

from caini.opened import bundle_of
from caini.printed import print_json
from caini.verbs.recommend import language_of
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
    bundle = bundle_of(bundles, version)
    language = language_of(lang, bundle)
    slots = read_slots(config / "slots.toml", bundle.shop)
    before = bundle_before(bundles, bundle.version)
    with Console(stderr=True, quiet=quiet or as_json).status("report") as status:
        (target,) = write_pages(
            bundle,
            before,
            open_source(log, items),
            slots,
            [language],
            out,
            k=smallest_group,
            say=lambda step: status.update(f"report: {step} …"),
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
