"""What may be turned lies where it says, between ends that a shop may have, and turns alone."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.shop import ShopConfig
from engine.slots import Slot, check_slots, find_slot
from tests.conftest import CONFIG
from training.config import TrainConfig
from training.train import Settings, read_settings
from training.tune.knobs import MODELS, Knob, turned, weights_of_looks, weights_of_sources

SETTINGS = read_settings(CONFIG)


def knobs() -> tuple[Knob, ...]:
    looks = weights_of_looks(pl.LazyFrame({"type": ["view", "cart", "purchase"]}), SETTINGS)
    slots = [weights_of_sources(find_slot(SETTINGS.slots, name)) for name in ("my", "home")]
    return (*MODELS, *looks, *(knob for found in slots for knob in found))


KNOBS = knobs()


def valid(settings: Settings) -> None:
    ShopConfig.model_validate(settings.shop.model_dump())
    TrainConfig.model_validate(settings.train.model_dump())
    for plan in settings.slots.values():
        for slot in (plan.base, *(slot for _, slot in plan.variants)):
            Slot.model_validate(slot.model_dump(mode="json"))


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_a_knob_turns_what_it_names_and_nothing_else(knob: Knob) -> None:
    before = knob.value_in(SETTINGS)
    assert knob.low < knob.high
    assert knob.low <= before <= knob.high, "the shipped value is one that may be found again"
    for end in (knob.low, knob.high):
        there = turned(SETTINGS, KNOBS, {knob.name: knob.rounded(end)})
        valid(there)
        assert knob.value_in(there) == knob.rounded(end) != before
        for other in KNOBS:
            if other != knob:
                assert other.value_in(there) == other.value_in(SETTINGS)
        assert turned(there, KNOBS, {knob.name: before}).train == SETTINGS.train
    assert knob.value_in(SETTINGS) == before


def test_looks_are_those_that_the_log_holds() -> None:
    names = {knob.path[-1] for knob in KNOBS if "weights" in knob.path}
    assert names == {"view", "cart"}


def test_the_heaviest_source_stays_as_what_others_are_weighed_against() -> None:
    assert {knob.path for knob in KNOBS if knob.path[0] == "home"} == {
        ("home", "sources", "als"), ("home", "sources", "popular"),
    }  # fmt: skip


def test_variants_follow_the_slot_unless_they_have_sources_of_their_own() -> None:
    when = {"field": "customer.stage", "op": "=", "value": "lost"}
    raw = {
        "home": {
            "title": {"en": "a", "zh": "b"},
            "sources": {"similar": 1.0, "als": 0.5},
            "overrides": [
                {"when": when, "size": 5},
                {"when": when, "sources": {"popular": 1.0}},
            ],
        }
    }
    slots = check_slots(raw, "slots.toml", SETTINGS.shop)
    (knob,) = weights_of_sources(slots["home"])
    plan = turned(replace(SETTINGS, slots=slots), [knob], {knob.name: 0.1}).slots["home"]
    follows, own = (slot for _, slot in plan.variants)
    assert (plan.base.sources, follows.sources) == ({"similar": 1.0, "als": 0.1},) * 2
    assert (follows.size, own.sources) == (5, {"popular": 1.0})


@given(st.floats(0.003, 400))
def test_a_number_is_one_that_a_person_would_write(value: float) -> None:
    knob = Knob("train", ("als", "alpha"), 0.003, 400)
    assert len(f"{knob.rounded(value):.10g}".strip("0.").replace(".", "").rstrip("0")) <= 2
    assert abs(knob.rounded(value) - value) <= 0.05 * value
    assert isinstance(replace(knob, whole=True).rounded(value), int)
