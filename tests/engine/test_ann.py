from pathlib import Path

import faiss
import numpy as np
import pytest

from engine import ann
from engine.ann import Index, build_index, read_index, write_index
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


@pytest.fixture
def larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large begins at a hundred items."""
    monkeypatch.setattr(ann, "FLAT_LIMIT", 100)


def guesses_of(index: Index) -> float:
    """An item wanted."""
    inner = faiss.downcast_index(index.faiss_index.index)  # type: ignore[attr-defined]
    return float(inner.k_factor)


@pytest.mark.usefixtures("larger")
def test_a_larger_catalogue_is_guessed_at_and_checked(tmp_path: Path) -> None:
    vectors = clusters(9000)
    index, report = build_index(vectors, seed=1)
    assert report.kind == "refined"
    assert 0.98 <= report.recall <= 1
    query = cloud(1, 16, seed=5)[0]
    found = index.search(query, 20)
    np.testing.assert_allclose(found.scores, vectors[found.rows] @ query, rtol=2e-3)
    write_index(index, tmp_path / "cf.faiss")
    again = read_index(tmp_path / "cf.faiss", expected_rows=9000, expected_factors=16)
    assert again.search(query, 20).rows.tolist() == found.rows.tolist()
    assert guesses_of(again) == guesses_of(index), "how much is checked is kept"


@pytest.mark.usefixtures("larger")
def test_the_less_is_missed_the_more_guesses_are_checked() -> None:
    vectors = cloud(9000, 16)
    checked = [
        guesses_of(build_index(vectors, seed=1, min_recall=recall)[0]) for recall in (0.98, 0.999)
    ]
    assert checked[0] < checked[1]


@pytest.mark.usefixtures("larger")
def test_queries_of_zeros_judge_no_index() -> None:
    asked = np.concatenate([np.zeros((5000, 16), np.float32), clusters(300)])
    _, report = build_index(clusters(2000), seed=1, queries=asked)
    assert report.kind == "refined"
    _, report = build_index(clusters(2000), seed=1, queries=asked[:10])
    assert report.kind == "refined"
    assert report.recall < 1, "where nobody asks, the items do"


@pytest.mark.usefixtures("larger")
def test_of_items_that_nobody_has_touched_nothing_is_judged() -> None:
    nothing = np.zeros((2000, 16), np.float32)
    _, report = build_index(nothing, seed=1)
    assert report.recall == 1


@pytest.mark.usefixtures("larger")
@pytest.mark.parametrize("factors", [1, 3, 7, 8, 9, 100])
def test_any_number_of_factors_finds_as_many_as_are_asked(factors: int) -> None:
    index, _ = build_index(cloud(1500, factors), seed=1)
    assert len(index.search(cloud(1, factors, seed=4)[0], 1500)) == 1500


@pytest.mark.usefixtures("larger")
def test_the_first_places_are_found_as_well_as_the_hundred() -> None:
    vectors, asked = cloud(9000, 16), cloud(500, 16, seed=3)
    index, report = build_index(vectors, seed=1, queries=asked)
    best = np.argsort(-(asked @ vectors.T), axis=1)[:, :20]
    found, _ = index.search_many(asked, 20)
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found, best, strict=True)]
    assert np.mean(hits) / 20 >= report.recall - 0.005 >= 0.97


@pytest.fixture
def skewed() -> Vectors:
    """The first quarter of the items is liked by many, the others by few: short vectors."""
    vectors = cloud(9000, 16)
    vectors[2250:] *= 0.1
    return np.ascontiguousarray(np.roll(vectors, 1000, axis=0))


@pytest.mark.usefixtures("larger")
def test_items_that_are_nobodys_best_are_not_searched(
    skewed: Vectors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ann, "FEWEST", 1000)
    asked = cloud(500, 16, seed=3)
    index, report = build_index(skewed, seed=1, queries=asked)
    assert (report.rows, report.searched, len(index)) == (9000, 2250, 2250)
    exact = np.argsort(-(asked @ skewed.T), axis=1)[:, :100]
    found, scores = index.search_many(asked, 100)
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found, exact, strict=True)]
    assert np.mean(hits) / 100 >= 0.98
    wanted = np.take_along_axis(asked @ skewed.T, found, axis=1)
    np.testing.assert_allclose(scores, wanted, rtol=2e-3, atol=2e-3)
    write_index(index, tmp_path / "cf.faiss")
    again = read_index(tmp_path / "cf.faiss", expected_rows=9000, expected_factors=16)
    assert again.search(asked[0], 50).rows.tolist() == index.search(asked[0], 50).rows.tolist()
    with pytest.raises(BundleError, match="which of the bundle's 3000 items"):
        read_index(tmp_path / "cf.faiss", expected_rows=3000, expected_factors=16)


@pytest.mark.usefixtures("larger")
def test_no_head_is_smaller_than_what_slots_ask_for(skewed: Vectors) -> None:
    _, report = build_index(skewed, seed=1, queries=cloud(500, 16, seed=3))
    assert report.searched == 9000


@pytest.mark.parametrize("fault", ["other factors", "by distance"])
def test_a_head_whose_outside_tells_something_else_is_refused(tmp_path: Path, fault: str) -> None:
    kind = faiss.METRIC_L2 if fault == "by distance" else faiss.METRIC_INNER_PRODUCT
    inner = faiss.index_factory(16, "PQ16x4fs,Refine(SQfp16)", kind)
    outer = faiss.IndexIDMap(inner)
    vectors = cloud(3000, 16)
    outer.train(vectors)
    outer.add_with_ids(vectors, np.arange(3000))
    outer.metric_type = faiss.METRIC_INNER_PRODUCT
    if fault == "other factors":
        outer.d = 8
    faiss.write_index(outer, str(tmp_path / "cf.faiss"))
    with pytest.raises(BundleError, match="not a kind Caini makes"):
        read_index(tmp_path / "cf.faiss", expected_rows=3000, expected_factors=outer.d)


@pytest.mark.parametrize("fault", ["other guesses", "fewer halves", "guesses too many"])
def test_an_index_whose_parts_do_not_fit_is_refused(tmp_path: Path, fault: str) -> None:
    vectors = cloud(3000, 16)
    kind = {"other guesses": "HNSW8,Refine(SQfp16)"}.get(fault, "PQ16x4fs,Refine(SQfp16)")
    made = faiss.index_factory(16, kind, faiss.METRIC_INNER_PRODUCT)
    made.train(vectors)
    made.add(vectors)
    if fault == "fewer halves":
        faiss.downcast_index(made.refine_index).remove_ids(np.arange(1000))
    if fault == "guesses too many":
        made.k_factor = 64
    faiss.write_index(made, str(tmp_path / "cf.faiss"))
    with pytest.raises(BundleError, match="not a kind Caini makes"):
        read_index(tmp_path / "cf.faiss", expected_rows=3000, expected_factors=16)


@pytest.mark.usefixtures("larger")
def test_guesses_that_miss_too_much_give_way_to_a_scan_of_halves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ann, "CHECKED", (1,))
    _, report = build_index(cloud(2000, 64), seed=1)
    assert report.kind == "fp16"
    assert 0.98 <= report.recall <= 1


@pytest.mark.usefixtures("larger")
def test_halves_that_lose_too_much_give_way_to_full_floats() -> None:
    crowded = (1 + 1e-5 * cloud(2000)).astype(np.float32)
    _, report = build_index(crowded, seed=1)
    assert (report.kind, report.recall) == ("flat", 1.0)


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
