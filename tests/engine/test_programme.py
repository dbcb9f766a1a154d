"""P4, P5, P6 in slots: the tea shop with campaigns and items for points."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.bundle import Bundle
from engine.errors import ConfigError
from engine.query import Asked, Query, enrich
from engine.recommend import recommend
from engine.shop import ShopConfig, check_shop
from engine.types import DAY_MS
from tests.engine.asking import plan
from tests.worlds import BLACK, CUP, GREEN, MILK, NOW, POT, SHOP, bundle

LABEL = {"en": "x", "zh": "x"}
READY = {"ready_members": 0}
TOP = 3  # star 1, star 2, diamond


def moment(days: float) -> datetime:
    return datetime.fromtimestamp((NOW + days * DAY_MS) / 1000, UTC)


def campaign(**settings: Any) -> dict[str, Any]:
    dates = {"starts_at": moment(0), "ends_at": moment(30), "wave_days": 2}
    return {"name": "spring", "label": LABEL, **dates, **settings}


def shop(**sections: Any) -> Bundle:
    return bundle(check_shop({**SHOP, "loyalty": READY, **sections}, "shop.toml"))


def asked(tea: Bundle, day: float, *, rank: int = 0, points: int = 0) -> Query:
    found = enrich(Asked(n=6, customer_id="nobody"), tea, NOW + round(day * DAY_MS))
    return replace(found, customer=found.customer._replace(tier_rank=rank, points=points))


def seen(tea: Bundle, query: Query) -> set[int]:
    slate = recommend(query, plan(repeat="always"), tea)
    return {served.row for served in slate.items}


def opened(tea: Bundle, item: int, day: float) -> list[int]:
    """Ranks that see the item."""
    return [r for r in range(TOP + 1) if item in seen(tea, asked(tea, day, rank=r))]


def test_P5_an_item_of_a_campaign_is_shown_tier_by_tier_from_the_highest_down() -> None:
    tea = shop(campaigns=[campaign(items=["cup"])])
    shown = {day: opened(tea, CUP, day) for day in (-1, 0, 1.9, 2, 4, 6, 31)}
    assert shown == {
        -1: [],
        0: [3],
        1.9: [3],
        2: [2, 3],
        4: [1, 2, 3],
        6: [0, 1, 2, 3],
        31: [0, 1, 2, 3],
    }
    assert opened(tea, POT, 0) == [0, 1, 2, 3], "no item of the campaign"


def test_P5_a_campaign_may_be_of_brands_and_categories() -> None:
    for settings, kept in (
        ({"brands": ["kiln", "nobody's"]}, {CUP, POT}),
        ({"categories": ["drinks"]}, {GREEN, BLACK, MILK}),
        ({"categories": ["home > teaware"], "items": ["milk", "gone"]}, {CUP, POT, MILK}),
    ):
        tea = shop(campaigns=[campaign(**settings)])
        everything = seen(shop(), asked(shop(), 0))
        assert everything - seen(tea, asked(tea, 0)) == kept
    assert shop(campaigns=[campaign()]).programme is None, "for lists alone"


def test_P4_below_so_many_members_no_campaign_is_in_force() -> None:
    few = shop(campaigns=[campaign(items=["cup"])], loyalty={"ready_members": 1})
    assert opened(few, CUP, 0) == [0, 1, 2, 3]


def test_A6_who_opted_out_is_of_no_tier_and_has_no_points_here() -> None:
    tea = shop(campaigns=[campaign(items=["cup"])])
    query = asked(tea, 0, rank=3)
    left = replace(query, customer=query.customer._replace(personal=False))
    assert CUP in seen(tea, query)
    assert CUP not in seen(tea, left)


def test_P6_items_for_points_are_shown_in_their_months_and_within_the_balance() -> None:
    tea = shop(redemption={"months": [11], "items": {"pot": 500, "gone": 1}})  # NOW: 8 November
    shown = [POT in seen(tea, asked(tea, 0, points=points)) for points in (0, 499, 500, 9000)]
    assert shown == [False, False, True, True]
    assert POT not in seen(tea, asked(tea, 30, points=9000)), "December"
    assert CUP in seen(tea, asked(tea, 30)), "is for money"


def test_P6_a_slot_may_ask_whether_it_is_the_customers_member_day() -> None:
    tea = shop(member_days=[{"days": [8]}])
    state = enrich(Asked(n=1, customer_id="mei"), tea, NOW).customer
    assert (state.tier_rank, state.member_day) == (0, False)
    low = {"name": "tea", "label": LABEL, "points": 100, "price": 1}
    tea = shop(member_days=[{"days": [8]}], loyalty={"tiers": [low], "reset": "never"})
    assert enrich(Asked(n=1, customer_id="mei"), tea, NOW).customer.member_day
    assert not enrich(Asked(n=1, customer_id="mei"), tea, NOW + DAY_MS).customer.member_day
    condition = {"field": "customer.member_day", "op": "=", "value": True}
    slot = plan(overrides=[{"when": condition, "size": 3}])
    assert slot.slot_for(enrich(Asked(n=1, customer_id="mei"), tea, NOW)).size == 3


def test_a_bundle_keeps_the_campaigns_that_it_was_trained_with() -> None:
    under = shop(campaigns=[campaign(items=["cup"])], member_days=[{"days": [8]}]).shop
    assert ShopConfig.model_validate_json(under.model_dump_json()) == under


@pytest.mark.parametrize(
    ("sections", "fault"),
    [
        (
            {"campaigns": [campaign(ends_at=moment(-1))]},
            "campaigns[0]: starts_at must be before e",
        ),
        (
            {"campaigns": [campaign(), campaign(name="late", wave_days=10)]},
            "campaigns[1].wave_days: with 3 tiers the last of 4 waves would open 30 days after st",
        ),
        ({"campaigns": [campaign(), campaign()]}, "campaigns: spring is there twice"),
        (
            {"campaigns": [campaign(starts_at=datetime(2025, 1, 1))]},  # noqa: DTZ001
            "campaigns[0].starts_at: Input should have timezone info",
        ),
        ({"campaigns": [campaign(item=["cup"])]}, "'item' is no key of this table; did you mean i"),
        ({"campaigns": {}}, "campaigns: is no list; write [[campaigns]]"),
        ({"member_days": [{"days": [32]}]}, "member_days[0]: days are 1 to 31, not [32]"),
        (
            {"member_days": [{"days": [8]}, {"days": [8], "tier": "gold"}]},
            "member_days[1].tier: 'gold' is no tier; known: star_1, star_2, diamond",
        ),
        ({"redemption": {"months": [13]}}, "redemption: months are 1 to 12, not [13]"),
        ({"redemption": {"items": {"cup": 0}}}, "redemption: items.cup: must cost 1 point or more"),
    ],
)
def test_P5_P6_wrong_settings_are_refused_with_their_place(
    sections: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigError) as told:
        check_shop({**SHOP, **sections, "value": {"top": -1}}, "shop.toml")
    assert fault in str(told.value)
    assert "shop.toml: value.top: Input should be greater" in str(told.value), "all at once"
