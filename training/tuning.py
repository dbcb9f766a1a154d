"""The search as a step of training: on the log's past alone, from the last choice, kept with the
bundle."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from engine.bundle import Manifest
from engine.errors import LogError
from engine.interactions import InteractionConfig
from engine.shop import ShopConfig
from training.assemble import Say, Source, read_source
from training.bank import Bank
from training.config import TrainConfig
from training.interactions import Interactions
from training.looks import READ_S, has_looks, weigh_looks, with_looks
from training.models.daily import daily
from training.search import Choice, Trial, hold_out, search
from training.search_config import SearchConfig
from training.setting import Setting
from training.split import Split, new_only, truth_of

Document = dict[str, Any]
PAIRS: int = 1_000_000  # with so many the whole budget is spent, with fewer a share of it
SMALLEST: float = 0.1  # of the budget
LOOKS_SHARE: float = 0.05  # of the budget, that one more reading of the log may take


@dataclass(frozen=True, slots=True)
class Tuned:
    """What to train with, and how that was found: {} where nothing was searched."""

    train: TrainConfig
    told: Document = field(default_factory=dict)


def configured(train: TrainConfig) -> Setting:
    return Setting(similar=train.similar, als=train.als, trend=train.trend)


def with_setting(train: TrainConfig, setting: Setting) -> TrainConfig:
    models = {"similar": setting.similar, "als": setting.als, "trend": setting.trend}
    return train.model_copy(update=models)


def with_told(train: TrainConfig, told: Document) -> TrainConfig:
    """As a search that was kept has chosen."""
    return with_setting(train, Setting.model_validate(told["chosen"])) if told else train


def shop_as_told(shop: ShopConfig, told: Document) -> ShopConfig:
    """The shop with the weights of looks that a search has chosen."""
    return with_looks(shop, Setting.model_validate(told["chosen"]).looks) if told else shop


def tune(
    past: Source, shop: ShopConfig, train: TrainConfig, live: Manifest | None, say: Say
) -> Tuned:
    """The best settings for `past`, whose last part judges what the rest has taught.

    `past` must hold nothing of what the result is to be measured on. The search starts from what
    the last one chose (in `live`), or from the configuration where that has changed since.
    Nothing is searched where too few can judge: the best of many trials would be the luckiest.
    """
    if not train.search.enabled:
        return Tuned(train)
    say("search")
    held = _held_out(past, train)
    if held is None:
        return Tuned(train)
    known = past.of(held.train)
    data = read_source(known, shop)
    rng = np.random.default_rng(train.seed)
    truth = new_only(truth_of(held.test, data), data).sampled(train.search.customers, rng)
    if len(truth) < train.search.fewest_customers:
        return Tuned(train)
    log = _log_of(data)
    wanted = wanted_by(shop, train)
    start = start_of(live, wanted, log, train.seed)
    budget = budget_of(train.search, data)

    def opened(setting: Setting, *, alone: bool) -> Bank:
        read = data if setting.looks == 1 else read_source(known, with_looks(shop, setting.looks))
        bank = Bank(read, daily(read), truth, budget, train.seed)
        bank.open(setting, k=train.search.k, threads=train.threads, alone=alone)
        return bank

    weighed, first = start, tuple[Trial, ...]()
    if has_looks(known.log) and READ_S * len(data.events.at) < budget * LOOKS_SHARE:
        weighed, first = weigh_looks(start, lambda one: opened(one, alone=True))
    choice = search(opened(weighed, alone=False), weighed, say)
    choice = replace(choice, trials=(*first, *choice.trials))
    told = _told(choice, wanted, start, log)
    return Tuned(with_setting(train, choice.setting), told)


def _held_out(past: Source, train: TrainConfig) -> Split | None:
    """None for a log that cannot be split: a single instant, or one visit of everybody."""
    rng = np.random.default_rng(train.seed)
    try:
        held = hold_out(past.log, train.search, timeless=past.header.timeless, rng=rng)
    except LogError:
        return None
    return held if len(held.train.head(1).collect()) else None


def budget_of(config: SearchConfig, data: Interactions) -> float:
    """Seconds of work; a small log is worth less of a search."""
    return config.budget_s * float(np.clip(len(data.items) / PAIRS, SMALLEST, 1))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shop has configured of all that a search turns, or multiplies."""

    setting: Setting
    interactions: InteractionConfig

    def as_json(self) -> Document:
        return {
            "configured": self.setting.model_dump(mode="json"),
            "interactions": self.interactions.model_dump(mode="json"),
        }


def wanted_by(shop: ShopConfig, train: TrainConfig) -> Wanted:
    return Wanted(configured(train), shop.interactions)


def start_of(live: Manifest | None, wanted: Wanted, log: Document, seed: int) -> Setting:
    """What the live bundle's search chose, if it set out from this configuration.

    Where that search saw this very log, this one starts as that did: the same log, configuration
    and seed then give the same bundle again.
    """
    if live is None:
        return wanted.setting
    told: Document = dict(live.search)
    if any(told.get(name) != said for name, said in wanted.as_json().items()):
        return wanted.setting
    again = told["log"] == log and live.seed == seed
    try:
        return Setting.model_validate(told["start"] if again else told["chosen"])
    except ValidationError:
        return wanted.setting


def _log_of(data: Interactions) -> Document:
    """Enough to know a log again."""
    return {
        "watermark": data.watermark,
        "events": len(data.events.at),
        "customers": data.n_customers,
        "items": data.n_items,
        "pairs": len(data.items),
    }


def _told(choice: Choice, wanted: Wanted, start: Setting, log: Document) -> Document:
    return {
        **wanted.as_json(),
        "start": start.model_dump(mode="json"),
        "chosen": choice.setting.model_dump(mode="json"),
        "customers": choice.customers,
        "log": log,
        "trials": [
            {"name": trial.name, "ndcg": trial.ndcg, "taken": trial.taken}
            for trial in choice.trials
        ],
        "left_out": list(choice.left_out),
    }
