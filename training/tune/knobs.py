"""What may be turned: settings of a shop that the search inside of training leaves alone.

A knob is a number at a place of one of the three files, on a logarithmic scale between two ends.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal

import polars as pl
from pydantic import BaseModel

from engine.slots import Slot, SlotPlan
from training.looks import LOOKS
from training.train import Settings

File = Literal["shop", "slots", "train"]
Values = Mapping[str, float]  # knob → value
SLOT_WEIGHTS: Final = (0.02, 2.0)  # of a source, beside one that stays; below, it says nothing
LOOK_WEIGHTS: Final = (0.003, 1.0)  # of a look, in units of one purchase


@dataclass(frozen=True, slots=True)
class Knob:
    file: File  # without .toml
    path: tuple[str, ...]
    low: float
    high: float
    whole: bool = False  # a count

    @property
    def name(self) -> str:
        return f"{self.file}.toml: {'.'.join(self.path)}"

    def rounded(self, value: float) -> float:
        """A number that a person would write."""
        return round(value) if self.whole else float(f"{value:.2g}")

    def value_in(self, settings: Settings) -> float:
        found: Any = getattr(settings, self.file)
        for part in self.path:
            found = found[part] if isinstance(found, Mapping) else _part(found, part)
        return float(found) if not self.whole else int(found)


MODELS: Final = (
    Knob("shop", ("interactions", "half_life_days"), 7, 365),
    Knob("shop", ("interactions", "frequency_half_life_days"), 14, 730),
    Knob("shop", ("interactions", "saturation"), 0.5, 30),
    Knob("train", ("similar", "neighbours"), 50, 400, whole=True),
    Knob("train", ("similar", "ridge", "ridge"), 1, 100),
    Knob("train", ("als", "regularization"), 1, 300),
    Knob("train", ("als", "iterations"), 3, 15, whole=True),
    Knob("train", ("popularity", "half_life_days"), 2, 60),
)
"""Each asks for new models."""


def weights_of_looks(log: pl.LazyFrame, settings: Settings) -> tuple[Knob, ...]:
    """One for each kind of look that the log holds and that is a sign of interest."""
    kinds = log.select(pl.col("type").unique()).collect().to_series().to_list()
    weights = settings.shop.interactions.weights
    return tuple(
        Knob("shop", ("interactions", "weights", str(kind)), *LOOK_WEIGHTS)
        for kind in LOOKS
        if str(kind) in kinds and weights.get(kind, 0) >= 0
    )


def weights_of_sources(plan: SlotPlan) -> tuple[Knob, ...]:
    """Of a slot: all but the heaviest, for only their proportions count."""
    sources = plan.base.sources
    stays = max(sources, key=lambda name: sources[name])
    low, high = (bound * (sources[stays] or 1) for bound in SLOT_WEIGHTS)
    return tuple(
        Knob("slots", (plan.name, "sources", name), low, high) for name in sources if name != stays
    )


def turned(settings: Settings, knobs: Sequence[Knob], values: Values) -> Settings:
    """The settings with these knobs at their values; others stay."""
    for knob in knobs:
        if knob.name in values:
            change = _changed(getattr(settings, knob.file), knob.path, values[knob.name])
            settings = replace(settings, **{knob.file: change})
    return settings


def _part(value: Any, name: str) -> Any:
    return getattr(value.base if isinstance(value, SlotPlan) else value, name)


def _changed(value: Any, path: Sequence[str], new: float) -> Any:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, SlotPlan):
        return _of_plan(value, head, _changed(getattr(value.base, head), rest, new))
    if isinstance(value, BaseModel):
        return value.model_copy(update={head: _changed(getattr(value, head), rest, new)})
    return {**value, head: _changed(value[head] if rest else None, rest, new)}


def _of_plan(plan: SlotPlan, field: str, new: Any) -> SlotPlan:
    """Variants that have what the slot has, have it from the slot."""
    old = getattr(plan.base, field)

    def changed(slot: Slot) -> Slot:
        return slot.model_copy(update={field: new}) if getattr(slot, field) == old else slot

    variants = tuple((holds, changed(slot)) for holds, slot in plan.variants)
    return replace(plan, base=changed(plan.base), variants=variants)


def settings_as_json(settings: Settings) -> list[Any]:
    """All that a trial's value depends on, but for the conditions of variants of slots."""
    slots = {
        name: [slot.model_dump(mode="json") for slot in (plan.base, *(s for _, s in plan.variants))]
        for name, plan in settings.slots.items()
    }
    return [settings.shop.model_dump(mode="json"), settings.train.model_dump(mode="json"), slots]


def digest_of_json(said: object) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
