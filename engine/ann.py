"""The FAISS index over item factors: build, search, read, write. Nothing else imports faiss.

Padding rows, dtypes and unordered ties stay inside; a file is never trusted. An index is not
changed once built, so any number of threads may search it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from engine.errors import BundleError
from engine.types import NO_CANDIDATES, Candidates, Rows, Scores, Vector, Vectors

FLAT_LIMIT: Final = 20_000  # measured: above, an exact scan is the dearest part of a request
HEADS: Final = (16, 8, 4, 2, 1)  # one in so many of the items, the longest vectors; decision 23
FEWEST: Final = 5_000  # items of a head: no slot asks deeper
CHECKED: Final = (2, 3, 4, 6, 8, 16, 32)  # guesses an item wanted; decision 23
COARSE: Final = 8  # guess: with fewer factors, four bits each are no guess
RECALL_DEPTHS: Final = (20, 100, 500)  # a slate, and what slots ask of their sources
RECALL_QUERIES: Final = 500  # decision: enough for ±0.005 on a recall of 0.98
MAX_INDEX_BYTES: Final = 4 << 30  # decision: 16 million items of 64 factors; more is no index of us


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What the manifest says of an index."""

    kind: str  # "flat", "refined" or "fp16"
    recall: float  # against the exact scan, on a sample of queries; the least of RECALL_DEPTHS
    rows: int
    factors: int
    searched: int  # of the rows: all, or those whose vectors are the longest


@dataclass(frozen=True, slots=True)
class Index:
    """Finds the items with the largest inner product."""

    faiss_index: faiss.Index

    def __len__(self) -> int:
        return self.faiss_index.ntotal

    @property
    def guesses(self) -> bool:
        """Then many queries at once find to the last digit what each alone finds."""
        return isinstance(self.faiss_index, faiss.IndexIDMap)

    def search(self, query: Vector, depth: int) -> Candidates:
        """At most `depth` items, best first, ties by row; nothing for a query with NaN.

        An index that guesses takes any of the items that tie at the end of its guesses, and a head
        holds no others.
        """
        if depth < 1 or not len(self):
            return NO_CANDIDATES
        asked = np.ascontiguousarray(query, np.float32).reshape(1, -1)
        found = self.faiss_index.search(asked, min(depth, len(self)))
        scores, rows = found[0][0], found[1][0].astype(np.int32)
        if rows[-1] < 0 or not np.isfinite(scores[0]) or not np.isfinite(scores[-1]):
            right = (rows >= 0) & np.isfinite(scores)
            rows, scores = rows[right], scores[right]
        if not np.count_nonzero(scores[1:] == scores[:-1]):
            return Candidates(rows, scores)  # FAISS leaves ties alone in any order
        order = np.lexsort((rows, -scores))
        return Candidates(rows[order], scores[order])

    def search_many(self, queries: Vectors, depth: int) -> tuple[Rows, Scores]:
        """(q, depth) rows and scores, each line best first; missing ones are row -1, score -inf."""
        depth = min(depth, len(self))
        asked = np.ascontiguousarray(queries, np.float32)
        scores, rows = self.faiss_index.search(asked, depth)
        wrong = (rows < 0) | ~np.isfinite(scores)
        scores = np.where(wrong, -np.inf, scores).astype(np.float32)
        rows = np.where(wrong, -1, rows).astype(np.int32)
        order = np.lexsort((rows, -scores), axis=-1)
        return np.take_along_axis(rows, order, -1), np.take_along_axis(scores, order, -1)


def build_index(
    vectors: Vectors, *, min_recall: float = 0.98, seed: int, queries: Vectors | None = None
) -> tuple[Index, IndexReport]:
    """The cheapest kind that finds at least `min_recall` of what an exact scan of `queries` finds.

    `queries` are the customer factors that will be asked for; the items themselves when left out.
    Raises BundleError when the vectors are unsound.
    """
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise BundleError("item factors must be a table of finite numbers")
    vectors = np.ascontiguousarray(vectors, np.float32)
    sample = _sample(vectors if queries is None or not queries.any() else queries, seed)
    exact = _filled(faiss.IndexFlatIP(vectors.shape[1]), vectors)
    if len(vectors) <= FLAT_LIMIT:
        return exact, _report("flat", 1.0, vectors)
    wanted, _ = exact.search_many(sample, max(RECALL_DEPTHS))
    refined = _refined(vectors, sample, wanted, min_recall) if vectors.shape[1] >= COARSE else None
    if refined is not None:
        return refined
    halves = _filled(_halves(vectors.shape[1]), vectors)
    recall = _recall(halves, sample, wanted)
    if recall >= min_recall:
        return halves, _report("fp16", recall, vectors)
    return exact, _report("flat", 1.0, vectors)


def _refined(
    vectors: Vectors, sample: Vectors, wanted: Rows, min_recall: float
) -> tuple[Index, IndexReport] | None:
    """The smallest head that loses next to nothing, and the fewest guesses that find enough of it.

    A long vector has large inner products: what nobody's best items are need not be searched.
    """
    longest_first = np.argsort(-np.linalg.norm(vectors, axis=1), kind="stable")
    for part in HEADS:
        head = np.sort(longest_first[: len(vectors) // part])
        if part > 1 and (len(head) < FEWEST or _held(head, wanted) < (1 + min_recall) / 2):
            continue
        guesses = _guesses(vectors.shape[1])
        by_row = faiss.IndexIDMap(guesses)
        by_row.train(vectors[head])
        by_row.add_with_ids(vectors[head], head)
        for times in CHECKED:
            guesses.k_factor = times  # before anybody searches
            recall = _recall(Index(by_row), sample, wanted)
            if recall >= min_recall:
                return Index(by_row), _report("refined", recall, vectors, len(head))
    return None


def write_index(index: Index, path: Path) -> None:
    faiss.write_index(index.faiss_index, str(path))


def read_index(path: Path, *, expected_rows: int, expected_factors: int) -> Index:
    """Raises BundleError when the file is no index of this shape, kind and metric.

    FAISS has no checksum: the caller must have compared the file's sha256 with the manifest.
    """
    faiss.set_deserialization_vector_byte_limit(MAX_INDEX_BYTES)
    try:
        raw = faiss.read_index(str(path))
    except (RuntimeError, MemoryError) as error:
        raise BundleError(f"{path.name} is no readable FAISS index") from error
    _require_kind(path.name, raw)
    index = Index(raw)
    _check_shape(path.name, index.faiss_index, expected_rows, expected_factors)
    return index


def _require_kind(name: str, raw: faiss.Index) -> None:
    kinds = (faiss.IndexFlatIP, faiss.IndexFlat, faiss.IndexScalarQuantizer)
    inner = faiss.downcast_index(raw.index) if isinstance(raw, faiss.IndexIDMap) else raw
    if isinstance(inner, faiss.IndexRefine):
        _require_parts(name, inner, raw)
    elif inner is not raw or not isinstance(raw, kinds):
        raise BundleError(f"{name} is a {type(inner).__name__}, which is not a kind Caini makes")


def _require_parts(name: str, raw: faiss.IndexRefine, outer: faiss.Index) -> None:
    """FAISS compares them when they are put together, not when they are read."""
    guesses, halves = (faiss.downcast_index(part) for part in (raw.base_index, raw.refine_index))
    ours = isinstance(guesses, faiss.IndexPQFastScan)
    ours &= isinstance(halves, faiss.IndexScalarQuantizer)
    shapes = {(part.ntotal, part.d, part.metric_type) for part in (outer, raw, guesses, halves)}
    if not ours or len(shapes) > 1 or not 1 <= raw.k_factor <= max(CHECKED):
        raise BundleError(
            f"{name} is {raw.k_factor:g} guesses an item of a {type(guesses).__name__} with a "
            f"{type(halves).__name__}, which is not a kind Caini makes, or they do not fit"
        )


def _check_shape(name: str, index: faiss.Index, rows: int, factors: int) -> None:
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise BundleError(f"{name} does not rank by inner product")
    head = index if isinstance(index, faiss.IndexIDMap) else None
    if index.d != factors or (head is None and index.ntotal != rows):
        raise BundleError(
            f"{name} holds {index.ntotal} items of {index.d} factors; "
            f"the bundle has {rows} of {factors}"
        )
    if head is not None:
        _require_rows(name, head, rows)


def _require_rows(name: str, index: faiss.IndexIDMap, rows: int) -> None:
    held = faiss.vector_to_array(index.id_map)
    parts = len(held), index.ntotal, faiss.downcast_index(index.index).ntotal
    ascending = len(held) == 0 or (held[0] >= 0 and held[-1] < rows and (np.diff(held) > 0).all())
    if len(set(parts)) > 1 or not ascending:
        raise BundleError(f"{name} does not say which of the bundle's {rows} items it holds")


def _guesses(factors: int) -> faiss.IndexRefine:
    """Four bits a factor, scanned in registers, find candidates; their halves score them."""
    kind = f"PQ{factors}x4fs,Refine(SQfp16)"
    made = faiss.index_factory(factors, kind, faiss.METRIC_INNER_PRODUCT)
    assert isinstance(made, faiss.IndexRefine), "for mypy; the factory makes what it is told"
    return made


def _halves(factors: int) -> faiss.Index:
    kind = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexScalarQuantizer(factors, kind, faiss.METRIC_INNER_PRODUCT)


def _filled(empty: faiss.Index, vectors: Vectors) -> Index:
    empty.train(vectors)
    empty.add(vectors)
    return Index(empty)


def _recall(index: Index, sample: Vectors, wanted: Rows) -> float:
    """`wanted` (q, depth) is what an exact scan finds, best first."""
    return min(_recall_at(depth, index, sample, wanted) for depth in RECALL_DEPTHS)


def _recall_at(depth: int, index: Index, sample: Vectors, wanted: Rows) -> float:
    found, _ = index.search_many(sample, depth)
    best = wanted[:, :depth]
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(found, best, strict=True))
    return hits / best.size if best.size else 1.0


def _held(head: NDArray[np.int64], wanted: Rows) -> float:
    """How much a head holds of what is wanted, at the depth where it holds least."""
    inside = np.isin(wanted, head)
    shares = [inside[:, :depth].mean() for depth in RECALL_DEPTHS] if inside.size else [1.0]
    return float(min(shares))


def _sample(queries: Vectors, seed: int) -> Vectors:
    """Of what may be asked: for zeros, which nobody asks, every item is as good."""
    asked = np.flatnonzero(queries.any(axis=1))
    size = min(RECALL_QUERIES, len(asked))
    chosen = np.random.default_rng(seed).choice(asked, size, replace=False)
    found: Vectors = queries[np.sort(chosen)]
    return found


def _report(kind: str, recall: float, vectors: Vectors, searched: int | None = None) -> IndexReport:
    rows, factors = vectors.shape
    return IndexReport(
        kind, round(recall, 4), rows, factors, rows if searched is None else searched
    )
