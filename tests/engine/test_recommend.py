"""The path, in the tea shop of tests/worlds.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.events import EventType
from engine.query import Asked, enrich
from engine.reasons import say
from engine.recommend import recommend
from engine.retrievers import RETRIEVERS
from engine.shop import read_shop
from engine.slots import read_slots
from engine.types import DAY_MS, NO_ROWS, NO_SCORES, Candidates, Lists
from tests.engine.asking import plan, query, rows, shop
from tests.worlds import (
    BLACK,
    CUP,
    GREEN,
    GUIDE,
    ITEMS,
    LOG,
    MILK,
    NOW,
    POPULAR,
    POT,
    event,
    sold_out,
)

CONFIG = Path(__file__).parents[2] / "config"


def test_one_that_outsells_all_leads_no_slate_by_itself(tea: Bundle) -> None:
    scores = np.array([50, *[1] * 19, 0.5], np.float32)
    order = np.arange(21, dtype=np.int32)[::-1].copy()
    far = replace(tea, popular=Candidates(order, scores))
    found = RETRIEVERS["popular"](query(tea), far, 21)
    assert found.rows.tolist() == order.tolist()
    np.testing.assert_allclose(found.scores, [1.5 * 69 / 20, *[1] * 19, 0.5], rtol=1e-6)
    few = replace(tea, popular=Candidates(order[:19], scores[:19]))
    assert RETRIEVERS["popular"](query(tea), few, 19).scores.tolist() == scores[:19].tolist()


def test_nobody_is_like_a_stranger_until_they_look_at_something(tea: Bundle) -> None:
    told = {"name": "lookers", "label": {"en": "x", "zh": "x"}}
    lookers = shop(segments=[told | {"when": {"field": "buyer", "op": "=", "value": False}}])
    town = replace(tea, shop=lookers)
    alike = plan(lookers, sources={"popular_in_segment": 1}, fallback=["popular"])
    stranger = recommend(query(town), alike, town)
    assert {served.reason for served in stranger.items} == {"popular"}
    seen = event(9, EventType.VIEW, "pot", 30)
    slate = recommend(query(town, seen, visitor_id="v1"), alike, town)
    assert slate.items[0].reason == "popular_in_segment"


def test_a_cold_customer_gets_what_is_popular(tea: Bundle) -> None:
    slate = recommend(query(tea), plan(sources={"similar": 1, "als": 1}), tea)
    assert rows(slate) == list(POPULAR)
    assert {served.reason for served in slate.items} == {"popular"}
    assert slate.degraded == ()


def test_a_warm_customer_gets_neighbours_of_their_history(tea: Bundle) -> None:
    slate = recommend(query(tea, customer_id="mei", n=2), plan(sources={"similar": 1}), tea)
    assert rows(slate) == [BLACK, CUP]  # green is bought; black .9 and cup .5 + pot's .8 × a view
    assert slate.items[0].reason == "bought_similar"
    assert slate.items[0].because == (GREEN,)


def test_the_next_request_after_a_view_goes_with_it(tea: Bundle) -> None:
    session = plan(sources={"session": 1})
    assert rows(recommend(query(tea, n=1), session, tea)) == [GREEN]
    seen = event(9, EventType.VIEW, "pot", 30)
    slate = recommend(query(tea, seen, visitor_id="v1", n=1), session, tea)
    assert rows(slate) == [CUP]
    assert slate.items[0].because == (POT,)
    assert say(slate.items[0].reason, ["Tea pot"], "zh") == "与您最近看过的“Tea pot”相配"


def test_a_disliked_item_and_its_pull_are_gone(tea: Bundle) -> None:
    dislike = event(9, EventType.DISLIKE, "green", 30)
    slate = recommend(query(tea, dislike, visitor_id="v"), plan(sources={"similar": 1}), tea)
    assert GREEN not in rows(slate)
    assert len(rows(slate)) == len(ITEMS) - 1


def test_a_partial_refund_or_many_purchases_do_not_hide_or_save_an_item(tea: Bundle) -> None:
    slot = plan(sources={"again": 1}, repeat="always")
    bought = [event(i, EventType.PURCHASE, "cup", 29, quantity=4) for i in range(10, 13)]
    refund = event(20, EventType.REFUND, "cup", 30)
    dislike = event(21, EventType.DISLIKE, "cup", 30)
    assert rows(recommend(query(tea, *bought, refund, visitor_id="v"), slot, tea))[0] == CUP
    assert CUP not in rows(recommend(query(tea, *bought, dislike, visitor_id="v"), slot, tea))


def test_a_disliked_item_leads_to_nothing_in_the_session(tea: Bundle) -> None:
    seen = event(9, EventType.VIEW, "pot", 30)
    dislike = event(10, EventType.DISLIKE, "pot", 30.1)
    asked = query(tea, seen, dislike, visitor_id="v")
    assert asked.recent.tolist() == []


def test_what_the_bundle_knows_already_is_not_counted_again(tea: Bundle) -> None:
    once = query(tea, customer_id="mei")
    told_again = query(tea, *LOG["mei"][:2], customer_id="mei")
    assert told_again.history.bought.tolist() == once.history.bought.tolist()
    assert told_again.customer == once.customer


def test_bought_items_come_back_never_when_due_or_always(tea: Bundle) -> None:
    def has_green(repeat: str, days_later: float = 0) -> bool:
        asked = query(tea, customer_id="mei", at=NOW + round(days_later * DAY_MS))
        return GREEN in rows(recommend(asked, plan(sources={"again": 1}, repeat=repeat), tea))

    assert not has_green("never")
    assert has_green("always")
    assert has_green("when_due")  # bought on day 10, 20 days' cycle, day 30
    assert not has_green("when_due", days_later=-10)
    assert has_green("when_due", days_later=10)


def test_what_is_sold_out_excluded_in_the_cart_or_on_the_page_is_not_shown(tea: Bundle) -> None:
    slot = plan(sources={"popular": 1})
    assert GREEN not in rows(recommend(query(tea), slot, sold_out(tea, GREEN)))
    asked = query(tea, exclude=["cup"], cart=["milk"], context_items=["black", "unheard of"])
    assert rows(recommend(asked, slot, tea)) == [GREEN, POT, GUIDE]


def test_a_slot_within_the_category_shows_it_and_what_is_below(tea: Bundle) -> None:
    slot = plan(sources={"popular": 1}, within_category=True)
    assert rows(recommend(query(tea, category="drinks"), slot, tea)) == [GREEN, MILK, BLACK]
    assert rows(recommend(query(tea, category="drinks > tea"), slot, tea)) == [GREEN, BLACK]
    assert rows(recommend(query(tea, category="nothing"), slot, tea)) == []
    assert len(recommend(query(tea), slot, tea).items) == len(ITEMS)


def test_brands_are_spread_before_any_comes_again(tea: Bundle) -> None:
    slot = plan(sources={"popular": 1}, spread={"brand": 1})
    assert rows(recommend(query(tea), slot, tea)) == [GREEN, CUP, MILK, GUIDE, BLACK, POT]


def test_kinds_can_be_chosen(tea: Bundle) -> None:
    assert rows(recommend(query(tea), plan(sources={"popular": 1}, kinds=[1]), tea)) == [GUIDE]


def test_the_slate_is_filled_while_the_catalogue_allows(tea: Bundle) -> None:
    slot = plan(sources={"bought_together": 1}, depth=1, fallback=[])
    slate = recommend(query(tea, cart=["green"], n=5), slot, tea)
    assert len(rows(slate)) == 5
    assert rows(slate)[0] == CUP
    assert [served.source for served in slate.items][:2] == ["bought_together", "popular"]


def test_scores_never_rise_down_the_slate(tea: Bundle) -> None:
    slot = plan(sources={"similar": 1, "als": 0.5, "popular": 0.1})
    slate = recommend(query(tea, customer_id="mei"), slot, tea)
    scores = [served.score for served in slate.items]
    assert scores == sorted(scores, reverse=True)


def test_als_folds_in_a_customer_that_the_bundle_does_not_know(tea: Bundle) -> None:
    slot = plan(sources={"als": 1}, fallback=[])
    tea_lover = event(9, EventType.PURCHASE, "black", 30, unit_price_minor=6000)
    potter = event(9, EventType.PURCHASE, "pot", 30, unit_price_minor=6000)
    assert rows(recommend(query(tea, tea_lover, customer_id="new", n=1), slot, tea)) == [GREEN]
    assert rows(recommend(query(tea, potter, customer_id="new", n=1), slot, tea)) == [CUP]


def test_folding_in_what_the_factors_were_fitted_to_finds_the_same_taste(tea: Bundle) -> None:
    slot = plan(sources={"als": 1}, repeat="always", fallback=[])
    stored = query(tea, customer_id="lin")
    folded = replace(stored, fresh=True)
    assert rows(recommend(stored, slot, tea))[:2] == [CUP, POT]
    assert rows(recommend(folded, slot, tea))[:2] == [CUP, POT]


def test_items_near_the_page_are_found_where_it_has_no_list(tea: Bundle) -> None:
    slot = plan(sources={"nearest": 1}, fallback=[])
    unlisted = replace(tea, similar=Lists(np.zeros(7, np.int64), NO_ROWS, NO_SCORES))
    slate = recommend(query(unlisted, context_items=["pot"], n=1), slot, unlisted)
    assert [(served.row, served.reason) for served in slate.items] == [(CUP, "alike")]
    assert rows(recommend(query(tea, context_items=["guide"], n=1), slot, tea)) == [GREEN]


def test_a_search_finds_titles_and_the_latest_search_counts(tea: Bundle) -> None:
    slot = plan(sources={"searched": 1}, fallback=[])
    assert rows(recommend(query(tea, search="tea pot", n=1), slot, tea)) == [POT]
    late = event(8, EventType.SEARCH, None, 30.1, query="pot")
    early = event(9, EventType.SEARCH, None, 30.0, query="green")
    assert rows(recommend(query(tea, late, early, visitor_id="v", n=1), slot, tea)) == [POT]


def test_an_override_serves_the_customers_that_it_names(tea: Bundle) -> None:
    when = {"field": "customer.segments", "op": "has", "value": "buyers"}
    slot = plan(sources={"popular": 1}, overrides=[{"when": when, "sources": {"new_arrivals": 1}}])
    assert rows(recommend(query(tea, customer_id="mei", n=1), slot, tea)) == [POT]
    assert rows(recommend(query(tea, n=1), slot, tea)) == [GREEN]


def test_A6_a_customer_who_opted_out_gets_what_a_stranger_gets(tea: Bundle) -> None:
    when = {"field": "customer.segments", "op": "has", "value": "buyers"}
    slot = plan(
        sources={"similar": 1, "als": 1, "session": 1, "again": 1, "searched": 1},
        overrides=[{"when": when, "sources": {"new_arrivals": 1}}],
    )
    told = [
        event(7, EventType.CONSENT, None, 30, properties={"personal": False}),
        event(8, EventType.SEARCH, None, 30, query="pot"),
        event(9, EventType.VIEW, "pot", 30),
    ]
    mei = recommend(query(tea, *told, customer_id="mei"), slot, tea)
    assert mei == recommend(query(tea), slot, tea)
    assert mei != recommend(query(tea, *told[1:], customer_id="mei"), slot, tea)


def test_degraded_reasons_reach_the_slate(tea: Bundle) -> None:
    asked = enrich(Asked(n=1), tea, NOW, degraded=("store",))
    assert recommend(asked, plan(sources={"popular": 1}), tea).degraded == ("store",)


@pytest.mark.parametrize("name", sorted(RETRIEVERS))
def test_every_retriever_keeps_the_contract_of_candidates(name: str, tea: Bundle) -> None:
    news = event(9, EventType.SEARCH, None, 30, query="tea")
    for asked in (
        query(tea),
        query(tea, news, customer_id="mei", context_items=["green"], cart=["cup"], category="home"),
    ):
        for depth in (0, 1, 3, 100):
            found = RETRIEVERS[name](asked, tea, depth)
            assert found.rows.dtype == np.int32
            assert len(found) <= depth
            assert np.isfinite(found.scores).all()
            assert len(set(found.rows.tolist())) == len(found)
            order = sorted(zip((-found.scores).tolist(), found.rows.tolist(), strict=True))
            assert [row for _, row in order] == found.rows.tolist()


def test_the_slots_that_ship_fill_every_page(tea: Bundle) -> None:
    slots = read_slots(CONFIG / "slots.toml", read_shop(CONFIG / "shop.toml"))
    assert set(slots) == {"home", "list", "search", "my", "item", "cart"}
    for slot in slots.values():
        for who in (None, "mei", "nobody"):
            assert recommend(query(tea, customer_id=who, n=3), slot, tea).items
