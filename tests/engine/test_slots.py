from typing import Any

import pytest

from engine.errors import ConfigError
from engine.query import Asked, enrich
from engine.slots import Repeat, check_slots
from tests.worlds import NOW, bundle


def test_another_repeat_policy_holds_for_a_slot_and_all_its_variants() -> None:
    raw = {
        "home": {
            "title": {"en": "Home", "zh": "首页"},
            "sources": {"popular": 1},
            "repeat": "never",
            "size": 3,
            "overrides": [
                {"when": {"field": "customer.buyer", "op": "=", "value": True}, "size": 5},
            ],
        }
    }
    tea = bundle()
    plan = check_slots(raw, "slots.toml", tea.shop)["home"].repeating(Repeat.ALWAYS)
    for customer, size in (("mei", 5), ("nobody", 3)):
        slot = plan.slot_for(enrich(Asked(n=3, customer_id=customer), tea, NOW))
        assert (slot.repeat, slot.size) == (Repeat.ALWAYS, size)


HOME: dict[str, Any] = {"title": {"en": "Home", "zh": "首页"}, "sources": {"popular": 1}}
RICH = {"when": {"field": "customer.buyer", "op": "=", "value": True}, "size": 5}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"sise": 20}, "'sise' is no field of a slot; did you mean size? known: title, size, "),
        ({"colour": 1}, "'colour' is no field of a slot; known: title, size, sources, depth"),
        ({"size": "20"}, "size: Input should be a valid integer"),
        ({"size": True}, "size: Input should be a valid integer"),
        ({"depth": "20"}, "depth: Input should be a valid integer"),
        ({"sources": {}}, "sources: names no source; known: again, als"),
        ({"sources": {"popular": "1"}}, "sources.popular: Input should be a valid number"),
        ({"complaints": "no"}, "complaints: Input should be a valid boolean"),
        ({"spread": {"brand": "2"}}, "spread.brand: Input should be a valid integer"),
        ({"shares": [{"of": "new", "at_least": "1"}]}, "shares.0.at_least: Input should be a v"),
        ({"lead": {"source": "popular", "places": "1"}}, "lead.places: Input should be a valid"),
    ],
)
def test_what_a_slot_is_wrongly_told_is_named(table: dict[str, Any], fault: str) -> None:
    shop = bundle().shop
    with pytest.raises(ConfigError) as told:
        check_slots({"home": {**HOME, **table}}, "slots.toml", shop)
    assert f"slots.toml: home: {fault}" in str(told.value)
    assert len(str(told.value).splitlines()) == 1
    variant = {**HOME, "overrides": [{**RICH, **table}]}
    with pytest.raises(ConfigError) as told:
        check_slots({"home": variant}, "slots.toml", shop)
    assert f"slots.toml: home.overrides[0]: {fault}" in str(told.value)


def test_every_number_of_a_slot_may_be_written_whole() -> None:
    whole = {"sources": {"popular": 1, "als": 0.5}, "shares": [{"of": "new", "at_most": 1}]}
    assert check_slots({"home": {**HOME, **whole}}, "slots.toml", bundle().shop)["home"]


def test_overrides_of_a_slot_that_there_is_not_name_those_that_there_are() -> None:
    raw = {"home": HOME, "hom": {"overrides": [RICH]}, "my": HOME}
    with pytest.raises(ConfigError) as told:
        check_slots(raw, "slots.toml", bundle().shop)
    assert str(told.value) == (
        "slots.toml: hom: overrides a slot that there is not; known: home, my"
    )
