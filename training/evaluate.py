"""How good the slates are: trained on the first part of a log, judged on the rest.

The slates come from `engine.recommend`, as a request's do. All items are ranked, none sampled.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.shop import ShopConfig
from engine.slots import Repeat, Slot, SlotPlan, Slots, Title, find_slot
from engine.types import Rows
from training.assemble import Say, Source, assemble, read_source
from training.config import TrainConfig
from training.interactions import Interactions
from training.metrics import BY_CUSTOMER, coverage, judge
from training.models import popularity
from training.models.daily import FOREVER, daily
from training.models.popularity import PopularityConfig
from training.ranker import NOTHING, Learned
from training.slates import slates_for
from training.split import Split, Truth, at_random, by_time, cut_off, new_only, truth_of

Marks = Mapping[str, NDArray[np.float64]]  # metric → one number a customer
Plans = tuple[SlotPlan, SlotPlan]  # where all that is bought counts, and where only what is new

PERSONAL: Final = "personal"
UNRANKED: Final = "unranked"  # the same without learned rankers
POPULAR: Final = "popular"
EVER: Final = "popular_ever"
BLEND: Final = "blend"
DEPTH: Final = 500  # of a model on its own: what is known already takes places before it is dropped
PARTS: Final = ("everything", "new_items")


@dataclass(frozen=True, slots=True)
class Held:
    """What trains, what judges, and how the two were told apart, in words."""

    past: Source
    future: pl.LazyFrame
    described: str


@dataclass(frozen=True, slots=True)
class Line:
    """One plan, judged twice: on all that was bought, and on what had not been bought before."""

    name: str
    everything: Mapping[str, float]
    new_items: Mapping[str, float]
    customers_a_second: float
    marks: Mapping[str, Marks] = field(default_factory=dict)  # by the names in PARTS
    slates: Mapping[str, Rows] = field(default_factory=dict)  # the same; (customers, places)


@dataclass(frozen=True, slots=True)
class Evaluation:
    lines: tuple[Line, ...]
    customers: int  # judged on everything
    customers_new: int
    split: str
    seconds: float
    truths: tuple[Truth, ...] = ()  # of both parts

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
    *,
    learned: Learned = NOTHING,
) -> Evaluation:
    """No event after the cut reaches a model, a threshold or a list of popular items.

    The catalogue has no dates: which items there are, their price, stock and availability are
    those of the end of the log. An item that no event before the cut names is in the bundle too,
    but without history.

    `keep` is handed the bundle that was judged, which knows nothing of the hold-out.
    """
    split, described = split_of(source, train)
    held = Held(source.of(split.train), split.test, described)
    return evaluate_on(held, shop, train, plans, say, keep, learned=learned)


def evaluate_on(
    held: Held,
    shop: ShopConfig,
    train: TrainConfig,
    plans: Mapping[str, Plans],
    say: Say,
    keep: Callable[[Bundle], None] | None = None,
    *,
    learned: Learned = NOTHING,
) -> Evaluation:
    """As `evaluate`, for a split that somebody else has made."""
    started = time.monotonic()
    say("hold-out: read")
    data = read_source(held.past, shop)
    bundle = assemble(held.past, data, shop, train, lambda step: say(f"hold-out: {step}"))
    bundle = learned.put_in(bundle)
    if keep is not None:
        keep(bundle)
    say("hold-out: judge")
    rng = np.random.default_rng(train.seed)
    truth = truth_of(held.future, data).sampled(train.evaluation.customers, rng)
    fresh = new_only(truth, data)
    lines = list[Line]()
    for place, (name, pair) in enumerate(plans.items(), 1):
        say(f"hold-out: judge ({place} of {len(plans)}: {name})")
        changed = CHANGED.get(name, _as_it_is)(bundle, data)
        lines.append(_judged(name, pair, changed, (truth, fresh), train))
    return Evaluation(
        tuple(lines),
        len(truth),
        len(fresh),
        held.described,
        time.monotonic() - started,
        (truth, fresh),
    )


def _as_it_is(bundle: Bundle, _: Interactions) -> Bundle:
    return bundle


def all_time(bundle: Bundle, data: Interactions) -> Bundle:
    """What is popular without forgetting: the baseline of papers."""
    forever = PopularityConfig(half_life_days=FOREVER, long_half_life_days=FOREVER)
    return replace(bundle, popular=popularity.fit(daily(data), forever))


CHANGED: Final[Mapping[str, Callable[[Bundle, Interactions], Bundle]]] = {EVER: all_time}


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


def _judged(
    name: str,
    plans: Plans,
    bundle: Bundle,
    truths: tuple[Truth, Truth],
    train: TrainConfig,
) -> Line:
    n = max(train.evaluation.cutoffs)
    everything, new_items = truths
    started = time.monotonic()
    slates = [
        slates_for(truth.customers, plan.repeating(policy), bundle, n, processes=train.threads).rows
        for plan, truth, policy in (
            (plans[0], everything, Repeat.ALWAYS),
            (plans[1], new_items, Repeat.NEVER),
        )
    ]
    seconds = time.monotonic() - started
    cutoffs, n_items = train.evaluation.cutoffs, len(bundle.items)
    measured = [
        measures(rows, truth, n_items, cutoffs) for rows, truth in zip(slates, truths, strict=True)
    ]
    marks = {
        part: marks_of(rows, truth, cutoffs)
        for part, rows, truth in zip(PARTS, slates, truths, strict=True)
    }
    asked = len(everything) + len(new_items)
    rate = asked / max(seconds, 1e-9)
    return Line(name, measured[0], measured[1], rate, marks, dict(zip(PARTS, slates, strict=True)))


def measures(rows: Rows, truth: Truth, n_items: int, cutoffs: tuple[int, ...]) -> dict[str, float]:
    """Means over the customers; 0 where there are none."""
    found = {name: _mean(values) for name, values in marks_of(rows, truth, cutoffs).items()}
    return found | {f"coverage@{k}": coverage(rows[:, :k], n_items) for k in cutoffs}


def marks_of(rows: Rows, truth: Truth, cutoffs: tuple[int, ...]) -> Marks:
    """All of training.metrics.BY_CUSTOMER at each cut-off."""
    judged = judge(rows, truth)
    return {f"{name}@{k}": of(judged, k) for name, of in BY_CUSTOMER.items() for k in cutoffs}


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def only(name: str, source: str) -> Plans:
    return of_sources(name, {source: 1.0})


def of_sources(name: str, sources: Mapping[str, float]) -> Plans:
    """A slot of these sources, filled with popular items where they find too few."""
    title = Title(en=name, zh=name)
    slot = Slot(title=title, sources=dict(sources), fallback=(), depth=DEPTH)
    return SlotPlan(name, slot), SlotPlan(name, slot)


def personal_and_popular(slots: Slots, train: TrainConfig) -> dict[str, Plans]:
    """What `train` prints: the path as the shop has set it, against what everybody gets."""
    settings = train.evaluation
    path = find_slot(slots, settings.slot), find_slot(slots, settings.discovery_slot)
    return {PERSONAL: path, POPULAR: only(POPULAR, POPULAR)}


def every_source(slots: Slots, train: TrainConfig, als_share: float) -> dict[str, Plans]:
    """The path beside the blend of both models and each source that needs nothing but the customer.

    Baselines: what is popular now, in a segment and ever, and what the customer buys most (again).
    """
    blend = {"similar": 1 - als_share, "als": als_share}
    names = ("similar", "als", "session", "again", "popular_in_segment", "new_arrivals")
    lines = personal_and_popular(slots, train)
    if any(plan.rankers for plan in lines[PERSONAL]):
        lines |= {UNRANKED: (lines[PERSONAL][0].unranked(), lines[PERSONAL][1].unranked())}
    lines |= {BLEND: of_sources(BLEND, {name: share for name, share in blend.items() if share})}
    lines |= {name: only(name, name) for name in names}
    return lines | {EVER: only(EVER, POPULAR)}
