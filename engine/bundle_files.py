"""A bundle on disk: a folder of arrays, one index, three JSON files and a manifest of sha256.

Nothing is parsed before its checksum is right: an index file carries none of its own, and a
damaged one can load and answer wrongly. Nothing here can run code: no pickle.
"""

import json
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ValidationError

from engine.ann import read_index, write_index
from engine.bundle import (
    SCHEMA_VERSION,
    Bundle,
    Factors,
    FileRecord,
    Linked,
    Manifest,
    Visitors,
    Words,
)
from engine.catalogue import Catalogue
from engine.columns import Array, flatten, restore
from engine.customers.renewal import Renewal
from engine.customers.repurchase import Cycles
from engine.customers.snapshot import CustomerSnapshot
from engine.customers.thresholds import Thresholds
from engine.errors import BundleError
from engine.forest import Forests
from engine.ids import IdMap
from engine.item_history import CustomerItems
from engine.rank_features import FEATURES
from engine.sessions import Sessions
from engine.shop import ShopConfig
from engine.types import Candidates, Lists

MANIFEST: Final = "manifest.json"
INDEX: Final = "cf.faiss"
VALUES: Final[dict[str, type[Any]]] = {
    "items": IdMap,
    "catalogue": Catalogue,
    "customers": IdMap,
    "snapshot": CustomerSnapshot,
    "customer_items": CustomerItems,
    "factors": Factors,
    "similar": Lists,
    "sessions": Sessions,
    "bought_together": Lists,
    "popular": Candidates,
    "popular_by_category": Lists,
    "popular_by_segment": Lists,
    "new_arrivals": Candidates,
    "words": Words,
    "cycles": Cycles,
    "renewal": Renewal,
    "visitors": Visitors,
    "linked": Linked,
    "forests": Forests,
    "alike": Lists,
}
"""Fields of Bundle that are stored as arrays, one .npy file an array."""

DOCUMENTS: Final[dict[str, type[BaseModel]]] = {"shop": ShopConfig, "thresholds": Thresholds}
"""Fields of Bundle that are stored as JSON."""

UNCOUNTED: Final = frozenset({"version", "created_at"})
"""What a manifest says of itself."""


def write_bundle(bundle: Bundle, folder: Path) -> Manifest:
    """Write every file, then the manifest that lists them. `folder` must be empty."""
    arrays: dict[str, Array] = {}
    for name in VALUES:
        arrays |= flatten(name, getattr(bundle, name))
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    for name in DOCUMENTS:
        (folder / f"{name}.json").write_text(_json(getattr(bundle, name)), encoding="utf-8")
    write_index(bundle.item_index, folder / INDEX)
    manifest = _sealed(bundle.manifest, folder, arrays)
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def _json(document: BaseModel) -> str:
    return json.dumps(document.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def _sealed(draft: Manifest, folder: Path, arrays: dict[str, Array]) -> Manifest:
    files = {
        path.name: _record(path, arrays.get(path.stem) if path.suffix == ".npy" else None)
        for path in sorted(folder.iterdir())
    }
    manifest = draft.model_copy(update={"files": files})
    return manifest.model_copy(update={"version": version_of(manifest.model_dump(mode="json"))})


def version_of(told: Mapping[str, Any]) -> str:
    """The day of the last event, and a digest of all that a manifest says but when it was made.

    So the same log, configuration and seed have the same version, and an edited manifest none.
    `told` is the manifest as it stands in its file: newer code may know fields that it lacks.
    """
    counted = {name: value for name, value in told.items() if name not in UNCOUNTED}
    digest = sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()
    day = np.datetime64(told["watermark"], "ms").astype("datetime64[D]").item()
    return f"{day:%Y%m%d}-{digest[:12]}"


def _record(path: Path, array: Array | None) -> FileRecord:
    return FileRecord(
        sha256=_sha256(path),
        bytes=path.stat().st_size,
        dtype=None if array is None else array.dtype.str,
        shape=None if array is None else array.shape,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Raises BundleError when there is none, or of a format that this code does not read."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        told = json.loads(text)
        found = told.get("schema_version")
        if found != SCHEMA_VERSION:
            raise BundleError(f"{folder}: bundle format {found}; this code reads {SCHEMA_VERSION}")
        manifest = Manifest.model_validate_json(text)
        _require_unchanged(told, folder)
        return manifest
    except (OSError, ValueError, AttributeError) as error:
        raise BundleError(f"{folder / MANIFEST}: no usable manifest: {error}") from error


def manifest_told(folder: Path) -> dict[str, Any]:
    """What a manifest says, also of another format: its code may be gone back to.

    Raises BundleError when there is none, or it was changed.
    """
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        _require_unchanged(told, folder)
        return told
    except (OSError, ValueError, LookupError, AttributeError) as error:
        raise BundleError(f"{folder / MANIFEST}: no usable manifest: {error}") from error


def _require_unchanged(told: Mapping[str, Any], folder: Path) -> None:
    if told.get("version") != version_of(told):
        raise BundleError(f"{folder}: the manifest was changed after it was written")


def verify(folder: Path, manifest: Manifest) -> None:
    """Every listed file is there, is a plain file, and holds the listed bytes; nothing else is."""
    listed, there = set(manifest.files), {path.name for path in folder.iterdir()} - {MANIFEST}
    if listed != there:
        raise BundleError(
            f"{folder}: missing {sorted(listed - there)}, "
            f"not in the manifest {sorted(there - listed)}"
        )
    for name, record in manifest.files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise BundleError(f"{path}: not a plain file")
        if path.stat().st_size != record.bytes or _sha256(path) != record.sha256:
            raise BundleError(f"{path}: sha256 or size is not what the manifest says")


def read_bundle(folder: Path) -> Bundle:
    """Verify, then map. Raises BundleError with the file and the reason; never a half bundle."""
    manifest = read_manifest(folder)
    verify(folder, manifest)
    try:
        return _assemble(folder, manifest)
    except (KeyError, ValueError, TypeError, OSError, ValidationError) as error:
        raise BundleError(f"{folder}: {error}") from error


def _assemble(folder: Path, manifest: Manifest) -> Bundle:
    arrays = {
        name.removesuffix(".npy"): _map_array(folder / name, record)
        for name, record in manifest.files.items()
        if name.endswith(".npy")
    }
    values: dict[str, Any] = {name: restore(kind, name, arrays) for name, kind in VALUES.items()}
    documents: dict[str, Any] = {
        name: kind.model_validate_json((folder / f"{name}.json").read_bytes())
        for name, kind in DOCUMENTS.items()
    }
    factors: Factors = values["factors"]
    rows, width = factors.item.shape
    index = read_index(folder / INDEX, expected_rows=rows, expected_factors=width)
    bundle = Bundle(manifest=manifest, item_index=index, **values, **documents)
    _check_sizes(bundle)
    return bundle


def _map_array(path: Path, record: FileRecord) -> Array:
    empty = 0 in (record.shape or ())  # and then there is nothing to map
    mapped: Literal["r"] | None = None if empty else "r"
    array = np.asarray(np.load(path, mmap_mode=mapped, allow_pickle=False))
    if array.dtype.str != record.dtype or array.shape != record.shape:
        raise BundleError(
            f"{path}: {array.dtype.str}{array.shape}, manifest says {record.dtype}{record.shape}"
        )
    return array


def _check_sizes(bundle: Bundle) -> None:
    """The parts that share rows must be of one length."""
    n_items, n_customers = len(bundle.items), len(bundle.customers)
    lengths = {
        "catalogue": (len(bundle.catalogue), n_items),
        "similar": (len(bundle.similar), n_items),
        "alike": (len(bundle.alike), n_items),
        "bought_together": (len(bundle.bought_together), n_items),
        "popular": (len(bundle.popular), n_items),
        "item factors": (len(bundle.factors.item), n_items),
        "sessions": (len(bundle.sessions.rarity), n_items),
        "trend": (len(bundle.factors.trend), n_items),
        "rarity": (len(bundle.factors.rarity), n_items),
        "customer factors": (len(bundle.factors.customer), n_customers),
        "customer_items": (len(bundle.customer_items.offsets) - 1, n_customers),
        "popular_by_segment": (len(bundle.popular_by_segment), len(bundle.shop.segments)),
        "cycles": (len(bundle.cycles.days), n_items),
        "cycles per unit": (len(bundle.cycles.per_unit), n_items),
        "renewal": (len(bundle.renewal.group), n_items),
        "renewal shares": (len(bundle.renewal.shares), n_items),
        "renewal cyclic": (len(bundle.renewal.cyclic), n_items),
        "renewal timing": (len(bundle.renewal.timing), 4),
        "renewal classes": (bundle.renewal.hazard.shape[1], len(bundle.renewal.edges) + 1),
        "visitors": (len(bundle.visitors.customers), len(bundle.visitors.ids)),
        "linked": (len(bundle.linked.snapshot), len(bundle.linked.nodes)),
        "items of the linked": (len(bundle.linked.items.offsets) - 1, len(bundle.linked.nodes)),
        "links": (len(bundle.linked.around), len(bundle.linked.nodes)),
    }
    for name, (length, wanted) in lengths.items():
        if length != wanted:
            raise BundleError(f"{name} has {length} rows where {wanted} are needed")
    seen = {feature for forest in bundle.rankers.values() for feature in forest.features}
    if seen - set(FEATURES):
        strange = sorted(seen - set(FEATURES))
        raise BundleError(f"forests: this code has no features {', '.join(strange)}; train again")
    factors, renewal = bundle.factors, bundle.renewal
    if renewal.group.max(initial=-1) >= len(renewal.hazard):
        raise BundleError(f"renewal: an item's group is beyond the {len(renewal.hazard)} there are")
    for name, held in (
        ("item factors", factors.item), ("trend", factors.trend), ("rarity", factors.rarity),
        ("cycles", bundle.cycles.days), ("renewal shares", renewal.shares),
        ("renewal timing", renewal.timing), ("renewal hazard", renewal.hazard),
    ):  # fmt: skip
        if not np.isfinite(held).all():
            raise BundleError(f"{name}: holds values that are not finite")
