"""What shop.toml says now against what a bundle was trained with."""

from engine.shop import ShopConfig, check_shop, untrained
from tests.worlds import SHOP


def tea_with(**sections: object) -> ShopConfig:
    return check_shop({**SHOP, **sections}, "shop.toml")


def test_sections_that_changed_since_training_are_named() -> None:
    trained, vips = tea_with(), [{**SHOP["segments"][0], "name": "vips"}]  # type: ignore[index]
    assert untrained(tea_with(), trained) == ()
    assert untrained(tea_with(segments=vips), trained) == ("segments",)
    assert set(untrained(tea_with(segments=[], loyalty={"own_per_point": 2}), trained)) == {
        "segments",
        "loyalty",
    }


def test_what_lists_alone_follow_waits_for_no_training() -> None:
    tag = {"name": "x", "label": {"en": "x", "zh": "x"}, "when": ASKS}
    now = tea_with(outreach={"messages": 1}, tags=[tag])
    assert now != tea_with()
    assert untrained(now, tea_with()) == ()


ASKS = {"field": "orders", "op": ">", "value": 1}


def test_the_currency_is_the_logs_and_the_language_is_not() -> None:
    yen = {**SHOP["shop"], "currency": "JPY", "minor_units": 0}  # type: ignore[dict-item]
    assert untrained(tea_with(), tea_with(shop=yen)) == ()
    assert untrained(tea_with(), tea_with(shop=yen | {"language": "zh"})) == ("shop",)
