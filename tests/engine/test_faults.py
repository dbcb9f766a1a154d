"""A key that there is not is told with those that there are, however deep it stands."""

from pathlib import Path
from typing import Any

import pytest

from engine.customers.identity import KINDS
from engine.errors import LISTED, ConfigError, UnknownName
from engine.events import EventType
from engine.nearest import LONGEST_GUESSED, nearest
from engine.other_names import OTHER_KINDS, OTHER_TYPES
from engine.shop import check_shop
from engine.slots import check_slots
from tests.worlds import SHOP
from training.config import read_train

HOME: dict[str, Any] = {"title": {"en": "Home", "zh": "首页"}, "sources": {"popular": 1}}
TIER = {"name": "gold", "label": {"en": "gold", "zh": "金"}, "points": 1, "price": 1}
STAGE = {"name": "s1", "from_months": 0}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"spread": {"brnad": 2}}, "spread.brnad: 'brnad' is no key of this table; did you mean b"),
        ({"lead": {"source": "popular", "place": 1}}, "lead.place: 'place' is no key of this tabl"),
        ({"scarce": {"treshold": 3}}, "did you mean threshold? known: threshold, classes"),
        ({"lock_in": {"unit": 3}}, "did you mean units? known: units, "),
        (
            {"shares": [{"of": "new", "at_lest": 0.1}]},
            "shares.0.at_lest: 'at_lest' is no key of this table; did you mean at_least? known: of",
        ),
        ({"title": {"en": "x", "zh": "x", "fr": "x"}}, "title.fr: 'fr' is no key of this table; k"),
    ],
)
def test_a_typo_inside_a_table_of_a_slot_names_the_nearest_key(
    table: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigError) as told:
        check_slots({"home": {**HOME, **table}}, "slots.toml", check_shop(SHOP, "shop.toml"))
    assert fault in str(told.value)
    assert "Extra inputs" not in str(told.value)
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"valeu": {}}, "valeu: 'valeu' is no key of this table; did you mean value? known: value"),
        ({"value": {"windw_days": 1}}, "value.windw_days: 'windw_days' is no key of this table; d"),
        ({"shop": {"nmae": "x"}}, "shop.nmae: 'nmae' is no key of this table; did you mean name?"),
        (
            {"loyalty": {"tiers": [{**TIER, "vouchers": 1}]}},
            "vouchers: 'vouchers' is no key of this table; did you mean voucher? known: name, lab",
        ),
        (
            {"life_stages": [{"attribute": "b", "stages": [{**STAGE, "word": []}]}]},
            "life_stages[0].stages[0].word: 'word' is no key of this table; did you mean words?",
        ),
    ],
)
def test_a_typo_in_the_shops_settings_names_the_nearest_key(
    raw: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigError) as told:
        check_shop({**SHOP, **raw}, "shop.toml")
    assert fault in str(told.value)
    assert str(told.value).startswith("shop.toml: ")


def test_a_typo_in_how_to_train_names_the_nearest_key(tmp_path: Path) -> None:
    file = tmp_path / "train.toml"
    file.write_text("[als]\nfactor = 8\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"als\.factor: 'factor' is no key of this table; did yo"):
        read_train(file)


def test_a_word_that_is_none_of_a_choice_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as told:
        check_slots({"home": {**HOME, "repeat": "when_deu"}}, "slots.toml", check_shop(SHOP, "x"))
    assert str(told.value).endswith("', not 'when_deu'; did you mean when_due?")
    with pytest.raises(ConfigError) as told:
        check_shop({**SHOP, "loyalty": {"reset": "yearly"}}, "shop.toml")
    assert "loyalty.reset: Input should be 'zero', 'carry' or 'never', not 'yearly'" in str(
        told.value
    )


@pytest.mark.parametrize(
    ("key", "names", "near"),
    [
        ("Buy", ("view", "purchase"), ("purchase",)),
        ("add to cart", ("view", "cart"), ("cart",)),
        ("ADD-TO-CART", ("view", "cart"), ("cart",)),
        ("buy", ("view",), ()),
        ("purchse", ("view", "purchase"), ("purchase",)),
        ("x" * (LONGEST_GUESSED + 1), ("x" * LONGEST_GUESSED,), ()),
    ],
)
def test_what_others_call_it_goes_before_what_is_spelled_alike(
    key: str, names: tuple[str, ...], near: tuple[str, ...]
) -> None:
    assert nearest(key, names, OTHER_TYPES) == near


def test_other_names_are_of_what_there_is_and_never_its_own() -> None:
    for others, ours in ((OTHER_TYPES, {*map(str, EventType)}), (OTHER_KINDS, {*KINDS})):
        assert {*others.values()} <= ours
        assert not others.keys() & ours
        assert all(name == name.casefold() for name in others)


def test_an_unknown_name_is_told_with_the_nearest_and_not_with_ninety() -> None:
    names = [f"brand {n:02}" for n in range(90)]
    said = str(UnknownName("brand", "brand 7", names))
    assert said.startswith("unknown brand 'brand 7'; did you mean brand ")
    assert said.endswith(f"{names[LISTED - 1]}, … (90 in all)")
    assert str(UnknownName("item", "te", None, ["tea"])) == "unknown item 'te'; did you mean tea?"
    assert str(UnknownName("item", "te", None)) == "unknown item 'te'"
    assert str(UnknownName("list", "te", [])) == "unknown list 'te'; known: none"
