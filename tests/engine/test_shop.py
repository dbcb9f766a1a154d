"""What shop.toml says now against what a bundle was trained with."""

import json

from engine.shop import ShopConfig, check_shop, untrained
from tests.worlds import SHOP
from training.config import TrainConfig
from training.tuning import wanted_by


def tea_with(**sections: object) -> ShopConfig:
    return check_shop({**SHOP, **sections}, "shop.toml")


def waiting(now: ShopConfig, trained: ShopConfig) -> tuple[str, ...]:
    return untrained(now, trained, {})


def test_weights_that_the_search_found_are_no_change_of_the_file() -> None:
    """It began with .4 for a cart and ended with 1.2, which is what the bundle counts by."""
    began = tea_with(interactions={"weights": {"cart": 0.4}})
    found = tea_with(interactions={"weights": {"cart": 1.2}})
    account = wanted_by(began, TrainConfig()).as_json()
    assert untrained(began, found, json.loads(json.dumps(account))) == ()
    changed = tea_with(interactions={"weights": {"cart": 0.5}})
    assert untrained(changed, found, account) == ("interactions",)
    assert untrained(found, found, account) == ("interactions",)
    assert untrained(began, found, {}) == ("interactions",)


def test_sections_that_changed_since_training_are_named() -> None:
    trained, vips = tea_with(), [{**SHOP["segments"][0], "name": "vips"}]  # type: ignore[index]
    assert waiting(tea_with(), trained) == ()
    assert waiting(tea_with(segments=vips), trained) == ("segments",)
    assert set(waiting(tea_with(segments=[], loyalty={"own_per_point": 2}), trained)) == {
        "segments",
        "loyalty",
    }


def test_what_lists_alone_follow_waits_for_no_training() -> None:
    tag = {"name": "x", "label": {"en": "x", "zh": "x"}, "when": ASKS}
    now = tea_with(outreach={"messages": 1}, tags=[tag])
    assert now != tea_with()
    assert waiting(now, tea_with()) == ()


ASKS = {"field": "orders", "op": ">", "value": 1}


def test_the_currency_is_the_logs_and_the_language_is_not() -> None:
    yen = {**SHOP["shop"], "currency": "JPY", "minor_units": 0}  # type: ignore[dict-item]
    assert waiting(tea_with(), tea_with(shop=yen)) == ()
    assert waiting(tea_with(), tea_with(shop=yen | {"language": "zh"})) == ("shop",)
