"""Learned rankers: one for each slot that names one, switched on where a time split proves it.

The last days of the past judge what those before have taught, each part on a bundle that knows
nothing of it; the hold-out of `training.evaluate` is never seen (decision 18).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from engine.bundle import Bundle
from engine.errors import LogError
from engine.forest import NO_FORESTS, Forests
from engine.shop import ShopConfig
from engine.slots import Repeat, SlotPlan, Slots
from training.assemble import Say, Source, assemble, read_source, unheard
from training.boosting import Trees, boost, installed, packed
from training.config import TrainConfig
from training.metrics import Floats, judge, ndcg
from training.rank_lists import RankLists, joined, rank_lists
from training.ranker_config import Learn
from training.significance import Comparison, compare
from training.slates import slates_for
from training.split import Split, Truth, by_time, cut_off, new_only, truth_of

Document = dict[str, Any]
DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Learned:
    """The rankers that help, and how that was found: {} where no slot names one."""

    forests: Forests = NO_FORESTS
    told: Document = field(default_factory=dict)

    def put_in(self, bundle: Bundle) -> Bundle:
        manifest = bundle.manifest.model_copy(update={"ranker": self.told})
        return replace(bundle, manifest=manifest, forests=self.forests)


def learned_in(bundle: Bundle) -> Learned:
    return Learned(bundle.forests, dict(bundle.manifest.ranker))


NOTHING: Final = Learned()


@dataclass(frozen=True, slots=True)
class Part:
    """A bundle of what came before some weeks, and what its customers bought in them."""

    bundle: Bundle
    everything: Truth
    new_items: Truth

    def truth(self, policy: Repeat) -> Truth:
        return self.new_items if policy is Repeat.NEVER else self.everything


def learn_rankers(
    past: Source, shop: ShopConfig, slots: Slots, train: TrainConfig, say: Say
) -> Learned:
    """`past` must hold nothing of what the result is to be measured on."""
    wanted = sorted({name for plan in slots.values() for name in plan.rankers})
    if not wanted:
        return NOTHING
    why_not = _why_not(past, train)
    splits = None if why_not else _splits(past, train)
    if splits is None:
        return Learned(told={"off": why_not or "the log is too short to be split"})
    parts = []
    names = ["teach"] * (len(splits) - 1) + ["judge"]
    for name, split in zip(names, splits, strict=True):
        say(f"ranker: {name}")
        part = _part(past, split, shop, train)
        if isinstance(part, int):
            needed = f"{train.ranker.fewest_customers} needed"
            said = f"{part} customers bought in the part that is to {name}; {needed}"
            return Learned(told={"off": said})
        parts.append(part)
    found = {name: _learn(slots[name], parts, train, say) for name in wanted}
    helping = {name: trees for name, (trees, _) in found.items() if trees is not None}
    forests = packed(helping) if helping else NO_FORESTS
    return Learned(forests, {name: told for name, (_, told) in found.items()})


def _why_not(past: Source, train: TrainConfig) -> str | None:
    if train.ranker.learn is Learn.NEVER:
        return "as configured"
    if past.header.timeless:
        return "the log has no times"
    return installed()


def _splits(past: Source, train: TrainConfig) -> list[Split] | None:
    """One for each part that teaches, then the one that judges; None where there is no time."""
    config, log = train.ranker, past.log
    found: list[Split] = []
    try:
        for _ in range(config.teaching + 1):
            found.append(by_time(log, cut_off(log, config.days, config.share)))
            log = found[-1].train
    except LogError:
        return None
    return found[::-1]


def _part(past: Source, split: Split, shop: ShopConfig, train: TrainConfig) -> Part | int:
    """How many bought in the weeks, where those are too few."""
    known = past.of(split.train)
    data = read_source(known, shop)
    rng = np.random.default_rng(train.seed)
    truth = truth_of(split.test, data).sampled(train.ranker.customers, rng)
    if len(truth) < train.ranker.fewest_customers:
        return len(truth)
    bundle = assemble(known, data, shop, train, unheard)
    return Part(bundle, truth, new_only(truth, data))


def _learn(
    plan: SlotPlan, parts: Sequence[Part], train: TrainConfig, say: Say
) -> tuple[Trees | None, Document]:
    """None where it is not proven that the slot's slates become better.

    What is kept has learned from all parts: the judge's days are nearest to what it will meet.
    """
    say(f"ranker: {plan.name}")
    policy = Repeat.NEVER if plan.base.repeat is Repeat.NEVER else Repeat.ALWAYS
    *taught, judged = parts
    plan = plan.repeating(policy)
    lists = joined([_lists(plan, part, part.truth(policy), train) for part in taught])
    truth = judged.truth(policy)
    few = min(len(lists.sizes), len(truth))
    if few < train.ranker.fewest_customers:
        said = (
            f"{few} customers bought what the slot is for; {train.ranker.fewest_customers} needed"
        )
        return None, {"on": False, "why": said}
    trees = boost(lists, train.ranker, train.seed)
    with_ranker = replace(judged.bundle, forests=packed({plan.name: trees}))
    plain, ranked = (_ndcg(bundle, plan, truth, train) for bundle in (judged.bundle, with_ranker))
    found = compare(ranked, plain, np.random.default_rng(train.seed))
    told = _told(found, plain, ranked)
    if not told["on"]:
        return None, told
    whole = joined([lists, _lists(plan, judged, truth, train)])
    return boost(whole, train.ranker, train.seed), told


def _lists(plan: SlotPlan, part: Part, truth: Truth, train: TrainConfig) -> RankLists:
    return rank_lists(part.bundle, truth, plan, train.ranker.depth, train.threads)


def _ndcg(bundle: Bundle, plan: SlotPlan, truth: Truth, train: TrainConfig) -> Floats:
    """Of the slates themselves, customer by customer."""
    k = train.ranker.k
    slates = slates_for(truth.customers, plan, bundle, k, processes=train.threads)
    return ndcg(judge(slates.rows, truth), k)


def _told(found: Comparison, plain: Floats, ranked: Floats) -> Document:
    between = found.difference
    return {
        "on": between.low > 0,
        "customers": len(plain),
        "ndcg_without": round(float(plain.mean()), DIGITS),
        "ndcg_with": round(float(ranked.mean()), DIGITS),
        "difference": [round(value, DIGITS) for value in (between.low, between.mean, between.high)],
        "p_value": round(found.p_value, DIGITS),
    }


def as_said(told: Mapping[str, Any]) -> str:
    """One line for whom trains."""
    if not told:
        return ""
    if "off" in told:
        return f"no learned ranker: {told['off']}"
    return "; ".join(f"{name}: {_slot_said(slot)}" for name, slot in told.items())


def _slot_said(told: Mapping[str, Any]) -> str:
    if "why" in told:
        return f"no learned ranker: {told['why']}"
    low, mean, high = told["difference"]
    state = "on" if told["on"] else "off"
    return f"learned ranker {state}, NDCG {mean:+.4f} ({low:+.4f} to {high:+.4f})"
