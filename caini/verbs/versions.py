"""`caini versions`: what has been published and what is live."""

from pathlib import Path

from caini.printed import moment, print_json, print_table
from engine.bundle import Manifest
from engine.bundle_files import read_manifest
from training.publish import current, versions


def run(bundles: Path, *, as_json: bool) -> None:
    live = current(bundles)
    manifests = [read_manifest(bundles / version) for version in versions(bundles)]
    if as_json:
        print_json([_described(manifest, live) for manifest in manifests])
        return
    columns = ("live", "version", "log until (UTC)", "events", "customers", "items", "recall@20")
    print_table(f"Bundles in {bundles}", columns, [_line(manifest, live) for manifest in manifests])


def _described(manifest: Manifest, live: str | None) -> dict[str, object]:
    told = manifest.model_dump(mode="json", exclude={"files"})
    return {"live": manifest.version == live, **told}


def _line(manifest: Manifest, live: str | None) -> tuple[object, ...]:
    counts = manifest.counts
    personal = manifest.metrics.get("personal")
    recall = personal.get("recall@20") if isinstance(personal, dict) else None
    return (
        "→" if manifest.version == live else "",
        manifest.version,
        moment(manifest.watermark),
        counts["events"],
        counts["customers"],
        counts["items"],
        recall,
    )
