"""Rules about what a customer may see and is offered: L2–L4, S2, S3, C4, C5, A5, R6."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.catalogue import Catalogue
from engine.customers.churn import Churn, churns
from engine.customers.complaints import complained_rows, is_suppressed
from engine.customers.households import bought_at_home
from engine.customers.labels import RELATIONS
from engine.customers.life_stages import LifeStageConfig, life_stages_of, meant_for, months_since
from engine.customers.lifecycle import LifecycleConfig
from engine.customers.lock_in import LockInConfig, lock_in_factors, locked_in
from engine.customers.newcomers import from_referrer
from engine.customers.offers import ScarcityConfig, may_see
from engine.customers.pareto import pareto
from engine.customers.strategies import CELLS, WAKE_UPS, cell_strategy, wake_up
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.interactions import InteractionConfig
from engine.item_history import count
from engine.text import TextColumn
from engine.types import NO_ITEM_HISTORY, ItemHistory, Rows
from tests.engine.customers.world import at, event, history_of, purchase, refund, schemes, state_of

MILK = LifeStageConfig.model_validate(
    {
        "attribute": "baby_born_on",
        "stages": [
            {"name": "stage_1", "from_months": 0},
            {"name": "stage_2", "from_months": 6},
            {"name": "stage_3", "from_months": 12},
        ],
        "until_months": 36,
    }
)
BORN = {"baby_born_on": '"2024-01-15"'}


def test_L2_each_cell_has_its_strategy() -> None:
    assert set(CELLS) == set(RELATIONS)
    joined, bought = event(EventType.SIGNUP, 1, "s"), purchase(1, 10)
    names = [cell_strategy(state_of(e, 2)).name for e in ([], [joined], [joined, bought], [bought])]
    assert names == ["sign_up_prompt", "first_order", "reward", "reactivate"]


def test_L3_churn_is_recorded_with_cause_and_outcome() -> None:
    history = history_of(
        purchase(0, 10), event(EventType.COMPLAINT, 5, "c"), purchase(200, 10), purchase(210, 10)
    )
    assert churns(history, LifecycleConfig(), at(310)) == (
        Churn(at(90) + 1, "complaint", at(200)),
        Churn(at(300) + 1, "unknown", 0),
    )


def test_L3_a_refund_or_the_end_of_a_promotion_may_be_the_cause() -> None:
    came_back = history_of(purchase(0, 10, order_id="a"), refund(3, 4, order_id="a"))
    bargain = history_of(purchase(0, 10, properties={"promotion": "discount"}))
    causes = [churns(each, LifecycleConfig(), at(100))[0].cause for each in (came_back, bargain)]
    assert causes == ["refund", "promotion_ended"]
    assert churns(bargain, LifecycleConfig(), at(80)) == ()


@pytest.mark.parametrize(
    ("day", "cause"), [(-10, "unknown"), (19.9, "unknown"), (20, "complaint"), (110, "complaint")]
)
def test_L3_a_complaint_before_the_last_order_is_no_cause(day: float, cause: str) -> None:
    """ann orders on days 0 and 20, and is dormant from the end of day 110 on."""
    told = event(EventType.COMPLAINT, day, "c", item_id="tea")
    history = history_of(purchase(0, 10), purchase(20, 10), told)
    assert [churn.cause for churn in churns(history, LifecycleConfig(), at(130))] == [cause]


def test_L3_who_orders_or_is_looked_at_on_the_ninetieth_day_is_not_lost_yet() -> None:
    def found(now: int, *more: int) -> int:
        later = [replace(purchase(90, 10, "more"), at=when) for when in more]
        return len(churns(history_of(purchase(0, 10), *later), LifecycleConfig(), now))

    last = at(90)
    assert [found(last), found(last + 1)] == [0, 1]
    assert [found(at(91), last), found(at(91), last + 1), found(at(91), last + 2)] == [0, 0, 1]


def test_L4_a_five_month_old_is_never_shown_stage_3_milk() -> None:
    stages = life_stages_of(BORN, (MILK,), date(2024, 6, 20))
    assert stages == ("stage_1",)
    assert not meant_for(["stage_3"], (MILK,)).suits(stages)
    assert meant_for(["stage_1"], (MILK,)).suits(stages)
    assert meant_for([], (MILK,)).suits(stages)
    assert meant_for(["stage_3"], (MILK,)).suits(())  # nothing is known of a baby
    assert meant_for(["other"], (MILK,)).suits(stages)


@pytest.mark.parametrize(
    ("today", "stages"),
    [
        (date(2024, 1, 14), ()),
        (date(2024, 1, 15), ("stage_1",)),
        (date(2024, 7, 14), ("stage_1",)),
        (date(2024, 7, 15), ("stage_2",)),
        (date(2025, 1, 15), ("stage_3",)),
        (date(2027, 1, 15), ()),
    ],
)
def test_L4_the_stage_advances_without_any_event(today: date, stages: tuple[str, ...]) -> None:
    assert life_stages_of(BORN, (MILK,), today) == stages


def test_L4_a_state_holds_the_stage_of_today() -> None:
    baby = schemes(life_stages=[MILK.model_dump()])
    told = event(EventType.PROFILE, 0, "p", properties={"baby_born_on": "2024-01-15"})
    assert state_of([told], 150, under=baby).life_stages == ("stage_1",)
    assert state_of([told], 200, under=baby).life_stages == ("stage_2",)


@pytest.mark.parametrize("said", ['"soon"', "3", "null"])
def test_L4_what_is_no_date_is_no_stage(said: str) -> None:
    assert life_stages_of({"baby_born_on": said}, (MILK,), date(2024, 6, 1)) == ()


def test_L4_months_are_whole() -> None:
    assert months_since(date(2024, 1, 31), date(2024, 2, 29)) == 0
    assert months_since(date(2024, 1, 31), date(2024, 3, 31)) == 2


def test_L4_stages_out_of_order_are_refused() -> None:
    stages = [{"name": "b", "from_months": 6}, {"name": "a", "from_months": 6}]
    with pytest.raises(ValueError, match=r"a must begin after b.*until_months"):
        LifeStageConfig.model_validate({"attribute": "x", "stages": stages, "until_months": 5})


def test_S2_scarce_stock_is_kept_for_the_best() -> None:
    stock = np.array([5, 10, 11, -1])
    assert may_see(stock, "small", ScarcityConfig()).tolist() == [False, True, True, True]
    assert may_see(stock, "top", ScarcityConfig()).all()
    with pytest.raises(ValueError, match="vip is no value class; allowed: top"):
        ScarcityConfig(classes=("vip",))


@pytest.mark.parametrize("kind", ["discount", "bundle", "rebate", "gift", "points", "trial"])
def test_S3_units_of_every_kind_of_promotion_count_as_promoted(kind: str) -> None:
    plain = purchase(0, 10, order_id="a")
    promoted = purchase(1, 10, order_id="b", properties={"promotion": kind})
    assert state_of([plain, promoted], 2).promoted_share == 0.5
    assert state_of([plain], 2).promoted_share == 0


LU, BAO, NO_BRAND = 0, 1, -1
#            0   1   2    3        4
BRANDS = (LU, LU, BAO, LU, NO_BRAND)
CATEGORIES = (0, 0, 0, 1, 0)


def catalogue() -> Catalogue:
    n = len(BRANDS)
    return Catalogue(
        titles=TextColumn.build([""] * n),
        category=np.array(CATEGORIES, np.int32),
        brand=np.array(BRANDS, np.int32),
        kind=np.zeros(n, np.int8),
        price_minor=np.zeros(n, np.int64),
        list_price_minor=np.zeros(n, np.int64),
        stock=np.zeros(n, np.int64),
        available=np.ones(n, np.bool_),
        first_seen_at=np.zeros(n, np.int64),
        categories=IdMap.build(["milk", "tea"]),
        category_end=np.array([1, 2], np.int32),
        brands=IdMap.build(["Lu", "Bao"]),
    )


def bought(*units: tuple[int, int]) -> ItemHistory:
    rows = np.array([row for row, _ in units], np.int32)
    return replace(
        NO_ITEM_HISTORY,
        rows=rows,
        bought=np.array([count for _, count in units], np.int32),
    )


def test_C4_three_units_of_a_brand_lock_it_in() -> None:
    every = np.arange(5, dtype=np.int32)
    factors = lock_in_factors(every, bought((0, 3)), catalogue(), LockInConfig())
    assert factors.tolist() == [1, 1.5, 0.5, 1, 0.5]
    two = lock_in_factors(every, bought((0, 2)), catalogue(), LockInConfig())
    assert two.tolist() == [1] * 5


def test_C4_two_brands_lock_nothing_in_and_returned_goods_do_not_count() -> None:
    assert locked_in(bought((0, 2), (1, 1), (2, 3)), catalogue(), LockInConfig()) == {}
    assert locked_in(bought((0, 2), (1, 1)), catalogue(), LockInConfig()) == {0: LU}
    assert locked_in(bought((0, -3), (4, 9)), catalogue(), LockInConfig()) == {}


def test_C5_after_90_days_a_customer_is_woken_by_what_moves_them() -> None:
    assert wake_up(state_of([purchase(0, 100)], 90)) is None
    names = [wake_up(state_of([purchase(0, yuan)], 91)) for yuan in (100, 300, 500)]
    assert names == [WAKE_UPS["sensitive"], WAKE_UPS["neutral"], WAKE_UPS["insensitive"]]
    never = event(EventType.CONSENT, 1, "c", properties={"contact": False})
    assert wake_up(state_of([purchase(0, 100), never], 91)) is None


def test_A5_a_complaint_hides_the_item_and_its_like() -> None:
    items = IdMap.build(["a", "b", "c", "d", "e"])
    history = history_of(
        event(EventType.COMPLAINT, 1, "x", item_id="a"),
        event(EventType.COMPLAINT, 2, "y", item_id="gone"),
        event(EventType.COMPLAINT, 3, "z"),
    )
    rows = complained_rows(history, NO_ITEM_HISTORY, items)
    assert rows.tolist() == [0]
    everything, nothing = (
        np.arange(len(BRANDS), dtype=np.int32),
        complained_rows(history_of(), NO_ITEM_HISTORY, items),
    )

    def hidden(complained: Rows) -> list[int]:
        return np.flatnonzero(is_suppressed(everything, complained, catalogue())).tolist()

    assert hidden(rows) == [0, 1]
    assert hidden(np.array([4], np.int32)) == [4]
    assert hidden(nothing) == []


def test_A5_a_complaint_is_forgiven_by_buying_the_item_again() -> None:
    items = IdMap.build(["a", "b", "c", "d", "e"])
    about = [event(EventType.COMPLAINT, 5, f"of {item}", item_id=item) for item in "bce"]
    again = event(EventType.COMPLAINT, 9, "and again", item_id="e")

    def standing(*complaints: Happened, **bought_on: float) -> list[int]:
        rows = np.array(sorted(items.row(item) for item in bought_on), np.int32)
        days = [bought_on[item] for item in sorted(bought_on)]
        held = replace(
            bought(*((row, 1) for row in rows.tolist())),
            last_bought_at=np.array([at(day) for day in days], np.int64),
        )
        return complained_rows(history_of(*complaints), held, items).tolist()

    assert standing(*about, b=4, c=6, d=6) == [1, 4]
    assert standing(*about, b=5, c=5.1, e=7) == [1], "not by a purchase of the same instant"
    assert standing(*about, again, e=7) == [1, 2, 4], "the second complaint is of after it"


def test_R6_a_household_shares_purchases_and_not_views() -> None:
    told = (
        [
            event(EventType.PURCHASE, 1, "a", item_id="0"),
            event(EventType.VIEW, 2, "b", item_id="2"),
        ],
        [
            event(EventType.PURCHASE, 1, "c", item_id="3", quantity=2),
            event(EventType.PURCHASE, 2, "d", item_id="0"),
        ],
    )
    ann, bob = (
        count(
            did,
            np.array([int(one.item_id or 0) for one in did], np.int32),
            InteractionConfig(),
            at(3),
        )
        for did in told
    )
    home = bought_at_home([ann, bob])
    assert (home.rows.tolist(), home.bought.tolist()) == ([0, 3], [2, 2])
    assert not home.weights.any()
    assert not home.frequency.any()
    assert not home.last_at.any()
    assert len(bought_at_home([])) == 0


def test_F3_what_the_referrer_bought_starts_the_newcomer() -> None:
    bought_when = {0: at(1), 2: at(5), 3: at(5), 4: at(9)}
    history = replace(
        bought((0, 1), (2, 1), (3, 2), (4, 0)), last_bought_at=np.array([*bought_when.values()])
    )
    found = from_referrer(history, 2)
    assert found.rows.tolist() == [2, 3]
    assert found.scores.tolist() == [1, 0.5]
    assert len(from_referrer(NO_ITEM_HISTORY, 5)) == 0


def test_V3_the_best_fifth_of_customers_brings_its_share() -> None:
    found = pareto(np.array([800, 50, 50, 50, 50]))
    assert found.top_share == pytest.approx(0.8)
    assert found.people.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert found.revenue.tolist() == pytest.approx([0, 0.8, 0.85, 0.9, 0.95, 1])
    assert pareto(np.array([-5, 10])).revenue.tolist() == [0, 1, 1]
    assert pareto(np.array([], np.int64)).top_share == 0
