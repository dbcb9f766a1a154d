"""The validation window: the last part of the past, and how well settings foretell it.

Settings are judged by slates of `engine.recommend`, as a request's are made. Half of the customers
choose, the other half is asked once, of what was chosen: the best of many trials is lucky with
those that it was chosen by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.errors import LogError
from engine.shop import ShopConfig
from engine.slots import Repeat, find_slot
from training.assemble import Say, Source, assemble, read_source
from training.config import TrainConfig
from training.evaluate import PARTS
from training.metrics import judge, ndcg
from training.reuse import Reuse
from training.slates import slates_for
from training.split import Truth, new_only, truth_of
from training.train import Settings
from training.tune.knobs import digest_of_json, settings_as_json

Floats = NDArray[np.float64]
Marks = tuple[Floats, ...]  # NDCG@k of each customer, for each of PARTS
POLICIES: Final = (Repeat.ALWAYS, Repeat.NEVER)  # of PARTS


@dataclass(frozen=True, slots=True)
class Side:
    """Half of the customers: what they went on to buy, for each of PARTS."""

    truths: tuple[Truth, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(truth) for truth in self.truths)


class Window:
    """Owns the last bundle that was made, so that trials of slots alone make none and others only
    what they change of it; and all marks that were given."""

    def __init__(self, past: Source, future: pl.LazyFrame, settings: Settings, say: Say) -> None:
        self._past, self._say, self._do = past, say, Reuse()
        self._made: tuple[ShopConfig, TrainConfig, Bundle] | None = None
        self._known: dict[tuple[str, str, bool], Floats] = {}
        train = settings.train
        self._seed, self._most, self.k = train.seed, train.search.customers, train.search.k
        data = self._do(read_source, past, settings.shop)
        everything = truth_of(future, data)
        self.choosing, self.confirming = self._halves((everything, new_only(everything, data)))

    def _halves(self, truths: Sequence[Truth]) -> tuple[Side, Side]:
        """Each customer is on one side, in all parts. Raises LogError where a part stays empty."""
        known = np.unique(np.concatenate([truth.customers for truth in truths]))
        drawn = np.random.default_rng(self._seed).permutation(known)[: 2 * self._most]
        middle = len(drawn) // 2
        sides = [
            Side(tuple(_of(t, who) for t in truths)) for who in (drawn[:middle], drawn[middle:])
        ]
        if not all(min(side.sizes) for side in sides):
            raise LogError(
                "too few customers bought in the validation window, the last part of the log "
                f"before its hold-out, to compare settings: {len(known)}"
            )
        return sides[0], sides[1]

    def marks(self, settings: Settings, side: Side, parts: Sequence[str] = PARTS) -> Marks:
        """NDCG@k of the side's customers, for each of these parts in their order."""
        digest = digest_of_json(settings_as_json(settings))
        for part in parts:
            key = digest, part, side is self.choosing
            if key not in self._known:
                self._known[key] = self._part(part, settings, side, self.bundle(settings))
        return tuple(self._known[digest, part, side is self.choosing] for part in parts)

    def _part(self, part: str, settings: Settings, side: Side, bundle: Bundle) -> Floats:
        place = PARTS.index(part)
        plan = find_slot(settings.slots, slots_of(settings.train)[place])
        truth = side.truths[place]
        plan = plan.repeating(POLICIES[place])
        found = slates_for(truth.customers, plan, bundle, self.k, processes=settings.train.threads)
        return ndcg(judge(found.rows, truth), self.k)

    def bundle(self, settings: Settings) -> Bundle:
        """What the past teaches with these settings."""
        made = self._made
        if made is None or made[:2] != (settings.shop, settings.train):
            self._made = None
            data = self._do(read_source, self._past, settings.shop)
            bundle = assemble(
                self._past, data, settings.shop, settings.train, self._say, do=self._do
            )
            made = self._made = settings.shop, settings.train, bundle
        return made[2]


def slots_of(train: TrainConfig) -> tuple[str, str]:
    """What each of PARTS is judged by."""
    return train.evaluation.slot, train.evaluation.discovery_slot


def parts_of(slot: str, train: TrainConfig) -> tuple[str, ...]:
    """Those that this slot is judged by."""
    return tuple(part for part, name in zip(PARTS, slots_of(train), strict=True) if name == slot)


def _of(truth: Truth, customers: NDArray[np.int32]) -> Truth:
    places = np.flatnonzero(np.isin(truth.customers, customers))
    return truth.take(places.astype(np.int32))


def gain(new: Marks, old: Marks) -> tuple[float, float]:
    """The mean over parts of how much better in shares of the old mean, and its standard error."""
    means, variances = [], []
    for theirs, ours in zip(new, old, strict=True):
        unit = max(float(ours.mean()), SMALLEST)
        means.append(float((theirs - ours).mean()) / unit)
        variances.append(float((theirs - ours).var()) / len(ours) / unit**2)
    return float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(means))


SMALLEST: Final = 1e-3  # NDCG below which shares of it say nothing
