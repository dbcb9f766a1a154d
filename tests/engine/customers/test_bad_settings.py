"""Each fault of shop.toml is refused with its place; many of them all at once."""

import tomllib

import pytest

from engine.errors import ConfigError
from engine.shop import check_shop, schemes_of
from tests.engine.customers.test_config import SHIPPED

SAID = SHIPPED.read_text(encoding="utf-8")
LOST = 'field = "stage", op = "=", value = "lost"'
ASKED = 'field = "value_class", op = "in", value = ["top", "large"]'
FAULTS = [
    (LOST, LOST.replace("stage", "tier"), "segments[1].when.value: 'lost' is unknown; allowed: st"),
    (
        LOST,
        LOST.replace("stage", "stgae"),
        "segments[1].when.field: 'stgae' is no field; did you mean stage? known:",
    ),
    ('["top", "large"]', '["top", "huge"]', "segments[0].when.value: 'huge' is unknown; allowed: "),
    (
        ASKED,
        'field = "life_stages", op = "has", value = "formula_9"',
        "'formula_9' is unknown; all",
    ),
    (ASKED, 'field = "life_stages", op = "has_any", value = ["formula_4", "x"]', "'x' is unknown"),
    (ASKED, 'field = "vouchers", op = "has", value = "star_9"', "'star_9' is unknown; allowed: st"),
    ("value = [14, 90]", "value = [90, 14]", "[90, 14] is no pair of lowest and highest"),
    ("below = 200", "below = 150", "price_band: bands[0] and bands[1] leave a gap between 150 a"),
    ("below = 200", "below = 250", "price_band: bands[0] and bands[1] overlap between 250 and 2"),
    ("above = 400", "above = 350", "price_band: bands[1] and bands[2] overlap between 400 and 3"),
    ("points = 3000", "points = -1", "loyalty.tiers[0].points: Input should be greater than"),
    ("points = 6000", "points = 2000", "loyalty: tiers[1].points: star_2 must need more than star"),
    ("price = 0.85", "price = 0.95", "loyalty: tiers[1].price: star_2 may not pay more than star"),
    ("voucher = 200", "voucher = -200", "loyalty.tiers[0].voucher: Input should be greater than"),
    ("voucher = 200", "voucher = 0.005", "loyalty.tiers[0].voucher: 0.005 has more decimals than"),
    ("own_per_point = 1", "own_per_point = 0", "loyalty.own_per_point: Input should be greater"),
    ("dormant_days = 90", "dormant_days = 400", "lifecycle: dormant_days (400) must be below los"),
    ("loyal_orders = 8", "loyal_orders = 2", "lifecycle: new_orders (3) must be below loyal_orde"),
    ("top = 0.01", "top = 0.02", "value: top, large, medium and small overlap: they add up to 1"),
    ("top = 0.01", "top = nan", "value.top: Input should be a finite number"),
    ("due_until = 1.2", "due_until = 0.2", "repurchase.due_until: Input should be greater than"),
    ('"formula milk" = 7', '"formula milk" = -7', "repurchase: category_days.formula milk: a unit"),
    ("until_months = 60", "until_months = 3", "life_stages[0]: until_months must be after the la"),
    (
        'from_months = 6, words = ["stage 2"',
        'from_months = 14, words = ["stage 2"',
        "life_stages[0]: formula_3 must beg",
    ),
]


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as told:
        check_shop(tomllib.loads(text), "shop.toml")
    return str(told.value)


@pytest.mark.parametrize(("right", "wrong", "fault"), FAULTS)
def test_a_wrong_setting_is_refused_with_its_place(right: str, wrong: str, fault: str) -> None:
    assert right in SAID
    told = refused(SAID.replace(right, wrong, 1))
    assert fault in told
    assert [line.startswith("shop.toml: ") for line in told.splitlines()] == [True]


def test_wrong_settings_of_many_sections_are_told_at_once() -> None:
    text, faults, touched = SAID, [], set[str]()
    for right, wrong, fault in FAULTS:
        section = fault.split(":")[0].split("[")[0].split(".")[0]
        if section not in touched and right in text:
            text, touched = text.replace(right, wrong, 1), touched | {section}
            faults.append(fault)
    told = refused(text)
    assert [fault for fault in faults if fault not in told] == []
    assert len(told.splitlines()) == len(faults) >= 7


BANDS = [
    {"name": "sensitive", "below": 99.5},
    {"name": "neutral", "at_least": 99.5, "at_most": 400.00},
    {"name": "insensitive", "above": 400.00},
]
TIER = {"name": "gold", "label": {"en": "gold", "zh": "金"}, "points": 100, "price": 0.9}
RICH = {"label": {"en": "rich", "zh": "富"}, "when": {"field": "monetary", "op": ">", "value": 9.5}}


def money(minor_units: int) -> dict[str, object]:
    """Every section that names money, in a currency of so many decimals."""
    return {
        "shop": {"minor_units": minor_units},
        "loyalty": {"tiers": [{**TIER, "voucher": 0.5}]},
        "price_band": {"bands": BANDS},
        "segments": [{**RICH, "name": "rich"}],
        "tags": [{**RICH, "name": "rich", "days": 9}],
        "triggers": [{**RICH, "name": "rich", "on": "due", "action": "tell"}],
    }


def test_an_amount_that_the_currency_cannot_hold_is_refused_and_not_rounded() -> None:
    with pytest.raises(ConfigError) as told:
        check_shop(money(0), "shop.toml")
    assert str(told.value).splitlines() == [
        "shop.toml: loyalty.tiers[0].voucher: 0.5 has more decimals than the currency (0)",
        "shop.toml: price_band.bands[0].below: 99.5 has more decimals than the currency (0)",
        "shop.toml: price_band.bands[1].at_least: 99.5 has more decimals than the currency (0)",
        "shop.toml: segments[0].when.value: 9.5 has more decimals than the currency",
        "shop.toml: tags[0].when.value: 9.5 has more decimals than the currency",
        "shop.toml: triggers[0].when.value: 9.5 has more decimals than the currency",
    ]
    ladder = schemes_of(check_shop(money(1), "shop.toml")).ladder
    assert ladder.tiers[0].voucher_minor == 5
