from pathlib import Path

import faiss
import numpy as np
import pytest

from engine import ann
from engine.ann import build_index, read_index, write_index
from engine.errors import BundleError
from engine.types import Vectors


def cloud(rows: int, factors: int = 8, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).standard_normal((rows, factors)).astype(np.float32)


def clusters(rows: int) -> Vectors:
    centres = cloud(20, 16, seed=1)[np.arange(rows) % 20]
    return (3 * centres + 0.2 * cloud(rows, 16)).astype(np.float32)


def test_search_finds_the_largest_inner_products_in_order() -> None:
    vectors = cloud(500)
    index, report = build_index(vectors, seed=1)
    found = index.search(vectors[7], 10)
    scores = vectors @ vectors[7]
    assert found.rows.tolist() == np.argsort(-scores)[:10].tolist()
    np.testing.assert_allclose(found.scores, scores[found.rows], rtol=1e-5)
    assert (report.kind, report.recall, report.rows, report.factors) == ("flat", 1.0, 500, 8)


def test_ties_are_broken_by_row() -> None:
    index, _ = build_index(np.ones((50, 4), np.float32), seed=1)
    rows = index.search(np.ones(4, np.float32), 50).rows
    assert rows.tolist() == sorted(rows.tolist())


def test_more_than_there_is_gives_what_there_is() -> None:
    index, _ = build_index(cloud(3), seed=1)
    assert len(index.search(cloud(1)[0], 10)) == 3


def test_nothing_is_found_for_a_depth_of_zero_or_a_query_that_is_no_number() -> None:
    index, _ = build_index(cloud(3), seed=1)
    assert len(index.search(cloud(1)[0], 0)) == 0
    assert len(index.search(np.full(8, np.nan, np.float32), 2)) == 0


def test_an_empty_catalogue_has_an_index_that_finds_nothing() -> None:
    index, _ = build_index(np.empty((0, 8), np.float32), seed=1)
    assert len(index.search(cloud(1)[0], 5)) == 0


def test_many_queries_find_what_each_alone_finds() -> None:
    index, _ = build_index(cloud(100), seed=1)
    queries = cloud(7, seed=2)
    rows, scores = index.search_many(queries, 5)
    for query, line, line_scores in zip(queries, rows, scores, strict=True):
        alone = index.search(query, 5)
        assert alone.rows.tolist() == line.tolist()
        np.testing.assert_allclose(alone.scores, line_scores, rtol=1e-5)


def test_a_larger_catalogue_is_kept_in_halves_with_its_recall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ann, "FLAT_LIMIT", 100)
    _, report = build_index(cloud(2000), seed=1)
    assert report.kind == "fp16"
    assert 0.98 <= report.recall <= 1


def test_halves_that_lose_too_much_give_way_to_full_floats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ann, "FLAT_LIMIT", 100)
    crowded = (1 + 1e-5 * cloud(2000)).astype(np.float32)
    _, report = build_index(crowded, seed=1)
    assert (report.kind, report.recall) == ("flat", 1.0)


def test_a_huge_catalogue_is_approximated_only_with_enough_recall(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ann, "EXACT_LIMIT", 100)
    monkeypatch.setattr(ann, "FLAT_LIMIT", 100)
    index, report = build_index(clusters(9000), seed=1)
    assert report.kind == "ivf"
    assert report.recall >= 0.98
    write_index(index, tmp_path / "cf.faiss")
    again = read_index(tmp_path / "cf.faiss", expected_rows=9000, expected_factors=16)
    query = clusters(5)[3]
    assert again.search(query, 20).rows.tolist() == index.search(query, 20).rows.tolist()


def test_an_approximation_that_misses_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ann, "EXACT_LIMIT", 100)
    monkeypatch.setattr(ann, "FLAT_LIMIT", 100)
    with pytest.raises(BundleError, match="recall@100"):
        build_index(cloud(9000, 64), seed=1, min_recall=1.0)


def test_vectors_that_are_no_numbers_are_refused() -> None:
    vectors = cloud(10)
    vectors[3, 2] = np.nan
    with pytest.raises(BundleError, match="finite"):
        build_index(vectors, seed=1)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    vectors = cloud(300)
    index, _ = build_index(vectors, seed=1)
    write_index(index, tmp_path / "cf.faiss")
    again = read_index(tmp_path / "cf.faiss", expected_rows=300, expected_factors=8)
    assert again.search(vectors[5], 9).rows.tolist() == index.search(vectors[5], 9).rows.tolist()


@pytest.mark.parametrize(("rows", "factors"), [(299, 8), (300, 16)])
def test_an_index_of_another_shape_is_refused(tmp_path: Path, rows: int, factors: int) -> None:
    write_index(build_index(cloud(300), seed=1)[0], tmp_path / "cf.faiss")
    with pytest.raises(BundleError, match="300 items of 8 factors"):
        read_index(tmp_path / "cf.faiss", expected_rows=rows, expected_factors=factors)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cf.faiss"
    write_index(build_index(cloud(300), seed=1)[0], path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BundleError, match=r"cf\.faiss is no readable"):
        read_index(path, expected_rows=300, expected_factors=8)


def test_a_kind_that_we_never_make_is_refused(tmp_path: Path) -> None:
    foreign = faiss.IndexHNSWFlat(8, 4, faiss.METRIC_INNER_PRODUCT)
    faiss.write_index(foreign, str(tmp_path / "cf.faiss"))
    with pytest.raises(BundleError, match="IndexHNSWFlat"):
        read_index(tmp_path / "cf.faiss", expected_rows=0, expected_factors=8)


def test_an_index_by_distance_is_refused(tmp_path: Path) -> None:
    faiss.write_index(faiss.IndexFlatL2(8), str(tmp_path / "cf.faiss"))
    with pytest.raises(BundleError):
        read_index(tmp_path / "cf.faiss", expected_rows=0, expected_factors=8)
