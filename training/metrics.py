"""How good slates are. Each accuracy metric gives one number a customer; all items are ranked.

Definitions are those of trec_eval for binary relevance (Recall, P, success, recip_rank, map_cut,
ndcg_cut); what is missing from a short slate is no hit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Mask, Rows, Vectors
from training.split import Truth

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Which places of each customer's slate are hits."""

    hits: Mask  # (n, longest slate)
    relevant: Rows  # (n,) how many items the customer went on to want

    def upto(self, k: int) -> Mask:
        return self.hits[:, :k]


def judge(slates: Rows, truth: Truth) -> Judged:
    """`slates` (len(truth), k): item rows best first, each once; -1 where a slate ends early."""
    if len(slates) != len(truth):
        raise ValueError(f"{len(slates)} slates for {len(truth)} customers")
    places = np.arange(len(truth), dtype=np.int64)
    wanted = np.repeat(places, truth.sizes) * truth.n_items + truth.items
    wanted = wanted[truth.items >= 0]
    shown = places[:, np.newaxis] * truth.n_items + slates
    return Judged(np.isin(shown, wanted) & (slates >= 0), truth.sizes)


def recall(judged: Judged, k: int) -> Floats:
    """Share of what is wanted that the first k hold."""
    return np.asarray(judged.upto(k).sum(1) / np.maximum(judged.relevant, 1), np.float64)


def precision(judged: Judged, k: int) -> Floats:
    """Share of the k places that are hits."""
    return np.asarray(judged.upto(k).sum(1) / k, np.float64)


def hit_rate(judged: Judged, k: int) -> Floats:
    """1 when there is any hit."""
    return np.asarray(judged.upto(k).any(1), np.float64)


def mrr(judged: Judged, k: int) -> Floats:
    """1 / position of the first hit, 0 without one."""
    hits = judged.upto(k)
    if not hits.size:
        return np.zeros(len(hits))
    return np.asarray(np.where(hits.any(1), 1 / (1 + hits.argmax(1)), 0), np.float64)


def average_precision(judged: Judged, k: int) -> Floats:
    """Mean over all that is wanted of the precision at its position; its mean is MAP."""
    hits = judged.upto(k)
    at_hits = np.where(hits, np.cumsum(hits, 1) / np.arange(1, hits.shape[1] + 1), 0)
    return np.asarray(at_hits.sum(1) / np.maximum(judged.relevant, 1), np.float64)


def ndcg(judged: Judged, k: int) -> Floats:
    """Järvelin and Kekäläinen (2002) with gains of 0 and 1 and the discount 1 / log2(1 + place)."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    hits = judged.upto(k)
    ideal = np.concatenate(([0], np.cumsum(discounts)))[np.minimum(judged.relevant, k)]
    return np.asarray(hits @ discounts[: hits.shape[1]] / np.where(ideal > 0, ideal, 1), np.float64)


BY_CUSTOMER: Final[Mapping[str, Callable[[Judged, int], Floats]]] = {
    "recall": recall,
    "precision": precision,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "map": average_precision,
    "ndcg": ndcg,
}


def coverage(slates: Rows, n_items: int) -> float:
    """Share of the catalogue that anybody is shown."""
    return len(np.unique(slates[slates >= 0])) / max(n_items, 1)


def gini(slates: Rows, n_items: int) -> float:
    """Of exposure over the catalogue: 0 when all are shown alike, near 1 when one has it all.

    Source: Fleder and Hosanagar (2009).
    """
    shown = np.sort(np.bincount(slates[slates >= 0], minlength=n_items))
    if not shown.sum():
        return 0.0
    ranks = np.arange(1, n_items + 1)
    return float(((2 * ranks - n_items - 1) * shown).sum() / (n_items * shown.sum()))


def novelty(slates: Rows, popularity: Floats) -> float:
    """Mean surprise -log2 p(item) in bits, p the share of customers who had it.

    `popularity` (n_items,) is above 0. Source: Castells, Vargas and Wang (2011).
    """
    return float(-np.log2(popularity[slates[slates >= 0]]).mean()) if (slates >= 0).any() else 0.0


def popularity_lift(slates: Rows, histories: Rows, popularity: Floats) -> float:
    """Mean popularity of what is shown over that of what was bought, minus 1; above 0 is a bias.

    Source: Abdollahpouri et al., The Unfairness of Popularity Bias (2019).
    """
    return float(popularity[slates[slates >= 0]].mean() / popularity[histories].mean() - 1)


def diversity(slates: Rows, vectors: Vectors) -> float:
    """Mean of 1 - cosine over the pairs of a slate, then over slates of at least two.

    Source: Smyth and McClave (2001). `vectors` (n_items, factors).
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    sizes = (slates >= 0).sum(1)
    shown = np.where((slates >= 0)[..., np.newaxis], unit[slates], 0)
    squared = np.square(shown).sum((1, 2))
    alike = np.square(shown.sum(1)).sum(1) - squared
    pairs = sizes * (sizes - 1)
    several = pairs > 0
    return float((1 - alike[several] / pairs[several]).mean()) if several.any() else 0.0


def taken(slates: Rows, judged: Judged, values: Floats, k: int) -> Floats:
    """Sum of the value (price, margin; by item) of the hits among the first k."""
    worth = np.where(judged.upto(k), values[slates[:, :k]], 0)
    return np.asarray(worth.sum(1), np.float64)
