"""The reports beside the bundles: BUNDLES/reports/<version>/, gone when the version is.

A page is written last of its language, so one that is there is whole, and a run that was killed is
taken up at the language that is missing. A page says for which `[report]` it was written.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import BundleError
from engine.reasons import Language
from engine.slots import Slots
from training.assemble import Say, Source
from training.publish import versions
from training.records import record_of
from training.report.facts import gather
from training.report.report import make, page_of, smallest_group_of, speech_of, write
from training.report_config import ReportConfig
from training.stages import Document, read_document, write_document

REPORTS: Final = "reports"
TRIES: Final = ".tries.json"
MOST_TRIES: Final = 3  # decision: what kills a run, or fails, thrice does so for ever


def write_pages(
    bundle: Bundle,
    before: Bundle | None,
    source: Source,
    slots: Slots,
    languages: Iterable[Language],
    out: Path,
    *,
    k: int,
    say: Say,
) -> list[Path]:
    """A page and its tables in each language. Raises LogError for another bundle's log."""
    facts = gather(bundle, before, source, slots, k=k, say=say)
    pages = []
    for language in languages:
        titles = {name: getattr(plan.base.title, language) for name, plan in slots.items()}
        speech = speech_of(bundle, language, titles)
        pages.append(write(make(facts, speech, say), facts, speech, out))
    return pages


def bundle_before(bundles: Path, version: str) -> Bundle | None:
    """The one published before `version`; None when there is none that can still be read."""
    ordered = versions(bundles)
    earlier = ordered[: ordered.index(version)] if version in ordered else []
    try:
        return read_bundle(bundles / earlier[-1]) if earlier else None
    except BundleError:
        return None


def keep_report(
    bundles: Path, version: str, source: Source, slots: Slots, config: ReportConfig, say: Say
) -> Document | None:
    """What was done about the report of a version; None when there was nothing to do.

    Whatever goes wrong is told, under `failed`, and never raised: the bundle is live and good.
    """
    folder = bundles / REPORTS / version
    missing = _missing(folder, config)
    if not missing:
        return None
    tries, started = 0, time.monotonic()
    try:
        told = read_document(folder / TRIES) or {"tries": 0}
        if told["tries"] >= MOST_TRIES:
            return told
        tries = told["tries"] + 1
        write_document({"failed": "it was killed", "tries": tries}, folder / TRIES)
        bundle, before = read_bundle(bundles / version), bundle_before(bundles, version)
        write_pages(
            bundle, before, source, slots, missing, folder, k=config.smallest_group, say=say
        )
        (folder / TRIES).unlink()
    except Exception as error:  # noqa: BLE001 - of whatever kind, nobody is to be woken by it
        return _failed(folder, tries, f"{type(error).__name__}: {error}")
    seconds = round(time.monotonic() - started, 2)
    return {"folder": str(folder), "languages": list(missing), "seconds": seconds}


def forget_reports(bundles: Path) -> None:
    """Of versions that are gone."""
    kept = set(versions(bundles))
    for folder in _reports(bundles):
        if folder.name not in kept:
            shutil.rmtree(folder)


def forget_small_groups(bundles: Path, version: str, smallest_group: int) -> None:
    """Reports of other versions that tell of smaller groups than may be told of now."""
    for folder in _reports(bundles):
        pages = [smallest_group_of(page) or 0 for page in folder.glob("*.html")]
        if folder.name != version and min(pages, default=smallest_group) < smallest_group:
            shutil.rmtree(folder, ignore_errors=True)  # the next run tries again


def _reports(bundles: Path) -> Iterator[Path]:
    """The folders that a retraining has written: what else lies there is somebody's."""
    for folder in sorted((bundles / REPORTS).glob("*")):
        if record_of(bundles, folder.name) is not None:
            yield folder


def _missing(folder: Path, config: ReportConfig) -> tuple[Language, ...]:
    """Languages without a page, or with one for other groups than are asked for now."""
    asked = tuple(dict.fromkeys(config.languages))
    return tuple(
        language
        for language in asked
        if smallest_group_of(page_of(folder, language)) != config.smallest_group
    )


def _failed(folder: Path, tries: int, said: str) -> Document:
    """A full disk may be the reason, so noting it is not insisted on."""
    told: Document = {"failed": said, "tries": tries}
    try:
        write_document(told, folder / TRIES)
    except OSError as error:
        told["failed"] = f"{said}; {error}"
    return told
