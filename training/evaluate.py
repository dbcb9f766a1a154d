"""How good the slates are: trained on the first part of a log, judged on the rest.

The slates come from `engine.recommend`, as a request's do. All items are ranked, none sampled.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.shop import ShopConfig
from engine.slots import Repeat, Slot, SlotPlan, Slots, Title, find_slot
from engine.types import Rows
from training.assemble import Say, Source, assemble, read_source
from training.config import EvaluationConfig, TrainConfig
from training.interactions import Interactions
from training.metrics import coverage, judge, ndcg, recall
from training.slates import slates_for
from training.split import Split, Truth, at_random, by_time, cut_off, new_only, truth_of

Plans = tuple[SlotPlan, SlotPlan]  # where all that is bought counts, and where only what is new

PERSONAL: Final = "personal"
POPULAR: Final = "popular"


@dataclass(frozen=True, slots=True)
class Line:
    """One plan, judged twice: on all that was bought, and on what had not been bought before."""

    name: str
    everything: Mapping[str, float]
    new_items: Mapping[str, float]
    customers_a_second: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    lines: tuple[Line, ...]
    customers: int  # judged on everything
    customers_new: int
    split: str
    seconds: float

    def as_json(self) -> dict[str, object]:
        table = {
            line.name: {"everything": dict(line.everything), "new_items": dict(line.new_items)}
            for line in self.lines
        }
        return {
            "split": self.split,
            "customers": self.customers,
            "customers_new": self.customers_new,
            **table,
        }


def evaluate(
    source: Source,
    shop: ShopConfig,
    train: TrainConfig,
    plans: Mapping[str, Plans],
    say: Say,
    keep: Callable[[Bundle], None] | None = None,
) -> Evaluation:
    """No event after the cut reaches a model, a threshold or a list of popular items.

    The catalogue has no dates: which items there are, their price, stock and availability are
    those of the end of the log. An item that no event before the cut names is in the bundle too,
    but without history.

    `keep` is handed the bundle that was judged, which knows nothing of the hold-out.
    """
    started = time.monotonic()
    split, described = split_of(source, train)
    say("hold-out: read")
    past = source.of(split.train)
    data = read_source(past, shop)
    bundle = assemble(past, data, shop, train, lambda step: say(f"hold-out: {step}"))
    if keep is not None:
        keep(bundle)
    say("hold-out: judge")
    rng = np.random.default_rng(train.seed)
    truth = sample(truth_of(split.test, data), train.evaluation, rng)
    fresh = new_only(truth, data)
    lines = tuple(
        _judged(name, pair, bundle, data, (truth, fresh), train) for name, pair in plans.items()
    )
    return Evaluation(lines, len(truth), len(fresh), described, time.monotonic() - started)


def split_of(source: Source, train: TrainConfig) -> tuple[Split, str]:
    """By time; at random for a log without times. Says in words what was held out."""
    settings = train.evaluation
    if source.header.timeless:
        rng = np.random.default_rng(train.seed)
        held = at_random(source.log, settings.largest_share, rng)
        return held, f"{settings.largest_share:.0%} of the pairs at random"
    cut = cut_off(source.log, settings.holdout_days, settings.largest_share)
    moment = np.datetime_as_string(np.datetime64(cut, "ms"), "s")
    return by_time(source.log, cut), f"from {moment}Z on"


def sample(truth: Truth, settings: EvaluationConfig, rng: np.random.Generator) -> Truth:
    """At most so many customers, drawn without replacement."""
    if len(truth) <= settings.customers:
        return truth
    return truth.take(np.sort(rng.choice(len(truth), settings.customers, replace=False)))


def _judged(
    name: str,
    plans: Plans,
    bundle: Bundle,
    data: Interactions,
    truths: tuple[Truth, Truth],
    train: TrainConfig,
) -> Line:
    n = max(train.evaluation.cutoffs)
    everything, new_items = truths
    started = time.monotonic()
    slates = [
        slates_for(truth.customers, _repeating(plan, policy), bundle, n, processes=train.threads)
        for plan, truth, policy in (
            (plans[0], everything, Repeat.ALWAYS),
            (plans[1], new_items, Repeat.NEVER),
        )
    ]
    seconds = time.monotonic() - started
    measured = [
        measures(part.rows, truth, data.n_items, train.evaluation.cutoffs)
        for part, truth in zip(slates, truths, strict=True)
    ]
    asked = len(everything) + len(new_items)
    return Line(name, measured[0], measured[1], asked / max(seconds, 1e-9))


def measures(rows: Rows, truth: Truth, n_items: int, cutoffs: tuple[int, ...]) -> dict[str, float]:
    """Means over the customers; 0 where there are none."""
    judged = judge(rows, truth)
    found = {}
    for k in cutoffs:
        found[f"recall@{k}"] = _mean(recall(judged, k))
        found[f"ndcg@{k}"] = _mean(ndcg(judged, k))
        found[f"coverage@{k}"] = coverage(rows[:, :k], n_items)
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def _repeating(plan: SlotPlan, policy: Repeat) -> SlotPlan:
    change = {"repeat": policy}
    return replace(
        plan,
        base=plan.base.model_copy(update=change),
        variants=tuple((holds, slot.model_copy(update=change)) for holds, slot in plan.variants),
    )


def only(name: str, source: str) -> Plans:
    """A slot of one source, filled with popular items where it finds too few."""
    slot = Slot(title=Title(en=name, zh=name), sources={source: 1.0}, fallback=())
    return SlotPlan(name, slot), SlotPlan(name, slot)


def personal_and_popular(slots: Slots, train: TrainConfig) -> dict[str, Plans]:
    """What `train` prints: the path as the shop has set it, against what everybody gets."""
    settings = train.evaluation
    path = find_slot(slots, settings.slot), find_slot(slots, settings.discovery_slot)
    return {PERSONAL: path, POPULAR: only(POPULAR, POPULAR)}


def every_source(slots: Slots, train: TrainConfig) -> dict[str, Plans]:
    """The path beside each source that needs nothing but the customer."""
    names = ("similar", "als", "again", "session", "popular_in_segment", "new_arrivals")
    return personal_and_popular(slots, train) | {name: only(name, name) for name in names}
