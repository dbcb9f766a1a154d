"""`caini versions`: what has been published and what is live."""

from pathlib import Path
from typing import Final

from caini.printed import moment, print_json, print_table
from engine.bundle import Manifest
from engine.bundle_files import read_manifest
from training.publish import current, versions

RECALL: Final = "recall@20"


def run(bundles: Path, *, as_json: bool) -> None:
    live = current(bundles)
    manifests = [read_manifest(bundles / version) for version in versions(bundles)]
    if as_json:
        print_json([_described(manifest, live) for manifest in manifests])
        return
    columns = ("live", "version", "log until (UTC)", "events", "customers", "items", RECALL)
    print_table(f"Bundles in {bundles}", columns, [_line(manifest, live) for manifest in manifests])


def _described(manifest: Manifest, live: str | None) -> dict[str, object]:
    told = manifest.model_dump(mode="json", exclude={"files"})
    return {"live": manifest.version == live, **told}


def _line(manifest: Manifest, live: str | None) -> tuple[object, ...]:
    counts = manifest.counts
    return (
        "→" if manifest.version == live else "",
        manifest.version,
        moment(manifest.watermark),
        counts["events"],
        counts["customers"],
        counts["items"],
        _recall(manifest),
    )


def _recall(manifest: Manifest) -> float | None:
    """Of the personal path, on all that was bought; None where nothing was measured."""
    found: object = manifest.metrics
    for name in ("personal", "everything", RECALL):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, float) else None
