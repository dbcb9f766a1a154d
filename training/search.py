"""Model settings chosen on a part of the training log that the fits have not seen.

A small grid in a fixed order, so the same log gives the same choice: first how co-occurrence is
normalised, then the ridge's share, then ALS and its share. A held-out part is never quite like the
future, so a setting replaces the one before it only when it is better by a standard error of the
paired difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from engine.ann import build_index
from engine.top import best, sum_lists
from engine.types import NO_CANDIDATES, Candidates, Lists, Rows
from training.interactions import Interactions
from training.metrics import judge, ndcg
from training.models import als, cooccurrence, ease, local_ridge
from training.models.als import AlsConfig
from training.models.blend import BEST, BlendConfig
from training.models.cooccurrence import CooccurrenceConfig
from training.split import Split, Truth, at_random, by_time, cut_off

Floats = NDArray[np.float64]
Found = Sequence[Candidates]  # of each judged customer

WAYS: Final = (  # (b, l, r): the best of gowalla, amazon-cds and online-retail, and two together
    ((1.0, 0.75, 0.1),),
    ((0.5, 0.5, 0.3),),
    ((1.0, 0.5, 0.5),),
    ((0.5, 0.5, 0.3), (1.0, 0.5, 0.5)),
)
RIDGE_WEIGHTS: Final = (0.0, 0.3, 0.5, 0.7)
ALS_SETTINGS: Final = ((30.0, 128), (5.0, 128), (30.0, 256))  # alpha, factors
ALS_WEIGHTS: Final = (0.2, 0.35, 0.5)


class SearchConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.2, gt=0, lt=1)  # of the time, or else of the pairs
    customers: int = Field(default=3000, ge=1)  # NDCG's standard error is then below 0.004
    depth: int = Field(default=200, ge=1)  # candidates of a source that are fused
    k: int = Field(default=20, ge=1)


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    ndcg: float
    taken: bool


Setting = TypeVar("Setting")
Won = tuple[Setting, Found, tuple[Trial, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the whole log is fitted with, and how it was found."""

    blend: BlendConfig
    als: AlsConfig
    als_weight: float  # share of ALS beside the blend when the two are fused
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Exam:
    """Customers whose future is known, and what is needed to ask for them."""

    data: Interactions
    truth: Truth
    config: SearchConfig

    def linear(self, lists: Lists) -> Found:
        depth = self.config.depth
        found = []
        for row in self.truth.customers.tolist():
            place = slice(int(self.data.offsets[row]), int(self.data.offsets[row + 1]))
            items, weights = self.data.items[place], np.maximum(self.data.weights[place], 0)
            found.append(_unseen(sum_lists(lists, items, weights, depth + len(items)), items))
        return found

    def factors(self, model: als.AlsModel, seed: int) -> Found:
        index, _ = build_index(model.item_factors, seed=seed)
        found = []
        for row in self.truth.customers.tolist():
            items = self.data.items[self.data.offsets[row] : self.data.offsets[row + 1]]
            query = model.customer_factors[row]
            found.append(_unseen(index.search(query, self.config.depth + len(items)), items))
        return found

    def marks(self, found: Found) -> Floats:
        """NDCG of each customer."""
        slates = np.full((len(self.truth), self.config.k), -1, np.int32)
        for place, candidates in enumerate(found):
            rows = candidates.rows[: self.config.k]
            slates[place, : len(rows)] = rows
        return ndcg(judge(slates, self.truth), self.config.k)


def sampled(truth: Truth, size: int, rng: np.random.Generator) -> Truth:
    """At most `size` of the customers."""
    if len(truth) <= size:
        return truth
    return truth.take(np.sort(rng.choice(len(truth), size, replace=False)).astype(np.int32))


def hold_out(
    log: pl.LazyFrame, config: SearchConfig, *, timeless: bool, rng: np.random.Generator
) -> Split:
    """The last share of the time; a random share of the pairs where a log has no times."""
    if timeless:
        return at_random(log, config.share, rng)
    return by_time(log, cut_off(log, days=np.inf, largest_share=config.share))


def search(
    exam: Exam, blend: BlendConfig, factors: AlsConfig, *, seed: int, threads: int
) -> Choice:
    """Starts from the settings given (the defaults, or the last choice) and leaves them only for
    the better."""
    ways, similar, tried = _ways(exam, blend, threads)
    blend = blend.model_copy(update={"cooccurrence": ways})
    weight, linear, more = _ridge_weight(exam, blend, similar, threads)
    blend = blend.model_copy(update={"ridge_weight": weight})
    (factors, als_weight), _, last = _factors(exam, factors, linear, (seed, threads))
    return Choice(blend, factors, als_weight, (*tried, *more, *last))


def _ways(exam: Exam, blend: BlendConfig, threads: int) -> Won[tuple[CooccurrenceConfig, ...]]:
    first = blend.cooccurrence[0]
    grid = [tuple(_way(first, *point) for point in points) for points in WAYS]
    choices = [blend.cooccurrence, *(ways for ways in grid if ways != blend.cooccurrence)]
    single: dict[str, Found] = {}
    for way in (way for ways in choices for way in ways):
        if _name(way) not in single:
            lists = cooccurrence.fit(exam.data, way, threads=threads)
            single[_name(way)] = exam.linear(lists)
    entries = []
    for ways in choices:
        name = " and ".join(_name(way) for way in ways)
        entries.append((f"exponents {name}", ways, _evenly([single[_name(w)] for w in ways])))
    return best_of(exam, entries)


def _way(first: CooccurrenceConfig, b: float, source: float, target: float) -> CooccurrenceConfig:
    exponents = {"customer_exponent": b, "source_exponent": source, "target_exponent": target}
    return first.model_copy(update=exponents)


def _name(way: CooccurrenceConfig) -> str:
    return f"{way.customer_exponent:g}/{way.source_exponent:g}/{way.target_exponent:g}"


def _evenly(sources: Sequence[Found]) -> Found:
    """Each with the same share."""
    total = sources[0]
    for count, more in enumerate(sources[1:], start=2):
        total = mixed(total, more, 1 / count)
    return total


def _ridge_weight(exam: Exam, blend: BlendConfig, similar: Found, threads: int) -> Won[float]:
    model = ease if exam.data.n_items <= blend.ease_limit else local_ridge
    ridge = exam.linear(model.fit(exam.data, blend.ridge, threads=threads))
    weights = dict.fromkeys((blend.ridge_weight, *RIDGE_WEIGHTS))
    return best_of(exam, [(f"ridge {w}", w, mixed(similar, ridge, w)) for w in weights])


def _factors(
    exam: Exam, first: AlsConfig, linear: Found, chance: tuple[int, int]
) -> Won[tuple[AlsConfig, float]]:
    seed, threads = chance
    entries = [("without als", (first, 0.0), linear)]
    for alpha, size in dict.fromkeys(((first.alpha, first.factors), *ALS_SETTINGS)):
        config = first.model_copy(update={"alpha": alpha, "factors": size})
        found = exam.factors(als.fit(exam.data, config, seed=seed, threads=threads), seed)
        entries += [
            (f"als {alpha:g} × {size}, share {w}", (config, w), mixed(linear, found, w))
            for w in ALS_WEIGHTS
        ]
    return best_of(exam, entries)


def best_of(exam: Exam, entries: Sequence[tuple[str, Setting, Found]]) -> Won[Setting]:
    """The first entry, or the last that beat the best before it by a standard error."""
    _, setting, winner = entries[0]
    marks = exam.marks(winner)
    trials = [Trial(entries[0][0], float(marks.mean()), taken=True)]
    for name, candidate, found in entries[1:]:
        theirs = exam.marks(found)
        gain = theirs - marks
        taken = bool(gain.mean() > gain.std() / np.sqrt(max(len(gain), 1)))
        trials.append(Trial(name, float(theirs.mean()), taken))
        if taken:
            setting, winner, marks = candidate, found, theirs
    return setting, winner, tuple(trials)


def mixed(one: Found, other: Found, share: float) -> Found:
    """Two sources fused as the engine does: each divided by the mean of its best scores."""
    if share in {0.0, 1.0}:
        return other if share else one
    return [_sum((1 - share, a), (share, b)) for a, b in zip(one, other, strict=True)]


def _sum(*parts: tuple[float, Candidates]) -> Candidates:
    kept = [(share / float(c.scores[:BEST].mean()), c) for share, c in parts if len(c)]
    if not kept:
        return NO_CANDIDATES
    rows, place = np.unique(np.concatenate([c.rows for _, c in kept]), return_inverse=True)
    scores = np.concatenate([np.float64(factor) * c.scores for factor, c in kept])
    return best(rows, np.bincount(place, scores).astype(np.float64), len(rows))


def _unseen(found: Candidates, seen: Rows) -> Candidates:
    kept = (found.scores > 0) & ~np.isin(found.rows, seen)
    return Candidates(found.rows[kept], found.scores[kept])
