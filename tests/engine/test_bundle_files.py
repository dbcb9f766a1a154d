"""A bundle is read back as it was written, or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bundle_files import (
    MANIFEST,
    VALUES,
    manifest_told,
    read_bundle,
    read_manifest,
    version_of,
    write_bundle,
)
from engine.columns import flatten
from engine.errors import BundleError
from tests.worlds import bundle, leave_out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(bundle(), tmp_path)
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    made, read = bundle(), read_bundle(folder)
    assert read.shop == made.shop
    assert read.thresholds == made.thresholds
    for name in VALUES:
        wanted, found = flatten(name, getattr(made, name)), flatten(name, getattr(read, name))
        assert wanted.keys() == found.keys()
        for part, array in wanted.items():
            assert found[part].dtype == array.dtype, part
            assert np.array_equal(found[part], array), part
    query = np.array([1, 0], np.float32)
    assert read.item_index.search(query, 6).rows.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["visitors.customers", "forests.features", "factors.rarity"])
def test_a_bundle_that_lacks_a_part_is_refused_even_if_its_manifest_does_too(
    folder: Path, name: str
) -> None:
    leave_out(folder, name)
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        read_bundle(folder)


def test_what_the_index_holds_is_raised_by_trend_and_rarity() -> None:
    made = bundle().factors
    n = len(made.item)
    twice, thrice = np.full(n, 2, np.float32), np.full(n, 3, np.float32)
    raised = replace(made, trend=twice, rarity=thrice)
    np.testing.assert_array_equal(raised.indexed, 6 * made.item)


@pytest.mark.parametrize(
    ("rarity", "words"),
    [([1.0, 2.0], "rarity has 2 rows where 6 are needed"), ([np.inf] * 6, "rarity: .*not finite")],
)
def test_rarities_that_cannot_be_are_refused(
    tmp_path: Path, rarity: list[float], words: str
) -> None:
    made = bundle()
    parts = replace(made.factors, rarity=np.array(rarity, np.float32))
    write_bundle(replace(made, factors=parts), tmp_path)
    with pytest.raises(BundleError, match=words):
        read_bundle(tmp_path)


def test_a_manifest_that_lacks_a_newer_field_is_read(folder: Path) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    del told["timeless"]
    told["version"] = version_of(told)
    (folder / MANIFEST).write_text(json.dumps(told))
    assert read_bundle(folder).version == told["version"]


def test_what_a_manifest_of_another_format_says_is_known_unless_it_was_changed(
    folder: Path,
) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    told |= {"schema_version": 99, "stream_through": "7-1", "made_of": "newer"}
    told["version"] = version_of(told)
    (folder / MANIFEST).write_text(json.dumps(told))
    with pytest.raises(BundleError, match="bundle format 99"):
        read_manifest(folder)
    assert manifest_told(folder) == told
    (folder / MANIFEST).write_text(json.dumps(told | {"stream_through": "9-1"}))
    with pytest.raises(BundleError, match="was changed"):
        manifest_told(folder)
    for text in ("", "[]", "{}", '{"version": "1", "watermark": "x"}'):
        (folder / MANIFEST).write_text(text)
        with pytest.raises(BundleError, match="no usable manifest"):
            manifest_told(folder)


def test_arrays_are_mapped_and_not_of_the_slow_kind(folder: Path) -> None:
    read = read_bundle(folder)
    assert type(read.factors.item) is np.ndarray
    assert isinstance(read.factors.item.base, np.memmap)


def test_the_same_content_has_the_same_version(tmp_path: Path) -> None:
    versions = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        versions.add(write_bundle(bundle(), tmp_path / name).version)
    assert len(versions) == 1
    assert versions.pop().startswith("20251108-")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_refused(folder: Path, data: st.DataObject) -> None:
    files = sorted(p for p in folder.iterdir() if p.name != MANIFEST and p.stat().st_size)
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    damaged = bytearray(whole)
    damaged[place // 8] ^= 1 << place % 8
    path.write_bytes(damaged)
    try:
        with pytest.raises(BundleError, match=path.name):
            read_bundle(folder)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["cf.faiss", "similar.rows.npy", "shop.json"])
def test_a_truncated_missing_or_linked_file_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(BundleError, match=name):
        read_bundle(folder)
    path.unlink()
    with pytest.raises(BundleError, match=f"missing .*{name}"):
        read_bundle(folder)
    elsewhere = folder.parent / f"{folder.name}-{name}"
    elsewhere.write_bytes(whole)
    path.symlink_to(elsewhere)
    with pytest.raises(BundleError, match="not a plain file"):
        read_bundle(folder)


def test_a_file_that_the_manifest_does_not_know_is_refused(folder: Path) -> None:
    (folder / "extra.npy").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"not in the manifest .*extra\.npy"):
        read_bundle(folder)


def test_a_pickled_array_is_refused_even_with_a_right_checksum(folder: Path) -> None:
    np.save(folder / "factors.gram.npy", np.array([{}], object), allow_pickle=True)
    _reseal(folder, "factors.gram.npy")
    with pytest.raises(BundleError, match="Python objects"):
        read_bundle(folder)


def test_an_array_of_another_shape_than_listed_is_refused(folder: Path) -> None:
    np.save(folder / "factors.gram.npy", np.zeros((1, 4), np.float32))
    _reseal(folder, "factors.gram.npy")
    with pytest.raises(BundleError, match=r"factors\.gram"):
        read_bundle(folder)


def test_parts_of_other_lengths_than_the_id_maps_are_refused(folder: Path) -> None:
    path = folder / "popular.rows.npy"
    for name in ("popular.rows.npy", "popular.scores.npy"):
        array = np.load(folder / name)[:-1]
        np.save(folder / name, array)
        _reseal(folder, name, shape=array.shape)
    with pytest.raises(BundleError, match="popular has 5 rows where 6"):
        read_bundle(folder)
    assert path.exists()


def _reseal(folder: Path, name: str, shape: tuple[int, ...] | None = None) -> None:
    """Make the manifest true of a changed file, so that only deeper checks can find the fault."""
    from hashlib import sha256

    manifest = json.loads((folder / MANIFEST).read_text())
    raw = (folder / name).read_bytes()
    manifest["files"][name] |= {"sha256": sha256(raw).hexdigest(), "bytes": len(raw)}
    if shape is not None:
        manifest["files"][name]["shape"] = list(shape)
    manifest["version"] = version_of(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("field", "value"), [("stream_through", "99-0"), ("watermark", 1), ("metrics", {"x": 1})]
)
def test_a_manifest_that_was_edited_is_refused(folder: Path, field: str, value: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, field: value}))
    with pytest.raises(BundleError, match="changed after it was written"):
        read_bundle(folder)


def test_what_the_manifest_says_decides_the_version(tmp_path: Path) -> None:
    made, versions = bundle(), set()
    for number, update in enumerate(({}, {"stream_through": "5-0"}, {"created_at": 9})):
        (tmp_path / str(number)).mkdir()
        told = replace(made, manifest=made.manifest.model_copy(update=update))
        versions.add(write_bundle(told, tmp_path / str(number)).version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no usable manifest"),
        ("[]", "no usable manifest"),
        ('{"schema_version": 99}', "bundle format 99; this code reads 3"),
        ('{"schema_version": 3, "unheard": 1}', "no usable manifest"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(folder: Path, text: str, words: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(BundleError, match=words):
        read_manifest(folder)


def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no usable manifest"):
        read_bundle(tmp_path / "nothing")
