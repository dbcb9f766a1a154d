"""What is kept beside each published version: what it was made from, and why it may be live.

BUNDLES/.records/<version>.json outlives the version; BUNDLES/.twins/<version> goes with it.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from training.publish import link_files, versions
from training.stages import Document, read_document, write_document

RECORDS: Final = ".records"
TWINS: Final = ".twins"


def record_of(bundles: Path, version: str) -> Document | None:
    return read_document(bundles / RECORDS / f"{version}.json")


def write_record(bundles: Path, version: str, record: Mapping[str, Any]) -> None:
    write_document(record, bundles / RECORDS / f"{version}.json")


def made_from(bundles: Path, inputs: Mapping[str, str]) -> str | None:
    """The newest version that was published from these inputs and is still there."""
    for version in reversed(versions(bundles)):
        record = record_of(bundles, version)
        if record and record["inputs"] == inputs and record["published"]:
            return version
    return None


def twin_of(bundles: Path, version: str) -> Path:
    """Where the bundle of its hold-out lies, if it was kept."""
    return bundles / TWINS / version


def keep_twin(bundles: Path, version: str, twin: Path) -> None:
    target = twin_of(bundles, version)
    if target.is_dir():
        return
    unfinished = target.with_name(f".{version}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    link_files(twin, unfinished)
    unfinished.rename(target)


def forget_twins(bundles: Path) -> None:
    """Of versions that are gone."""
    kept = set(versions(bundles))
    for twin in (bundles / TWINS).glob("*"):
        if twin.name not in kept:
            shutil.rmtree(twin)
