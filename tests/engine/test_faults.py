"""A key that there is not is told with those that there are, however deep it stands."""

from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError
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
