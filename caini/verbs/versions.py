"""`caini versions`: what has been published and what is live."""

from pathlib import Path
from typing import Final

from caini.printed import moment, print_json, print_table
from engine.bundle import Manifest
from engine.bundle_files import read_manifest
from engine.errors import BundleError
from training.publish import current, versions

RECALL: Final = "recall@20"


def run(bundles: Path, *, as_json: bool) -> None:
    live = current(bundles)
    told = {version: _told(bundles / version) for version in versions(bundles)}
    if as_json:
        print_json([_described(name, made, live) for name, made in told.items()])
        return
    columns = ("live", "version", "log until (UTC)", "events", "customers", "items", RECALL)
    lines = [("→" if name == live else "", name, *_cells(made)) for name, made in told.items()]
    print_table(f"Bundles in {bundles}", columns, lines)
    for unreadable in (made for made in told.values() if isinstance(made, str)):
        print(unreadable)  # noqa: T201


def _told(folder: Path) -> Manifest | str:
    """What is wrong, of a bundle that is damaged or of another format."""
    try:
        return read_manifest(folder)
    except BundleError as error:
        return str(error)


def _described(version: str, made: Manifest | str, live: str | None) -> dict[str, object]:
    if isinstance(made, str):
        return {"live": version == live, "version": version, "unreadable": made}
    return {"live": version == live, **made.model_dump(mode="json", exclude={"files"})}


def _cells(made: Manifest | str) -> tuple[object, ...]:
    if isinstance(made, str):
        return "?", None, None, None, None
    counts = made.counts
    at = moment(made.watermark)
    return at, counts["events"], counts["customers"], counts["items"], _recall(made)


def _recall(manifest: Manifest) -> float | None:
    """Of the personal path, on all that was bought; None where nothing was measured."""
    found: object = manifest.metrics
    for name in ("personal", "everything", RECALL):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, float) else None
