"""Why an item stands there is told truly, in the tea shop of tests/worlds.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import explain
from engine.bundle import Bundle
from engine.events import EventType
from engine.explain import REASONS
from engine.reasons import TEXTS, say
from engine.recommend import recommend
from engine.retrievers import RETRIEVERS
from engine.shop import read_shop
from engine.slots import read_slots
from engine.types import DAY_MS
from tests.engine.asking import plan, query
from tests.worlds import (
    BLACK,
    CUP,
    GREEN,
    GUIDE,
    MILK,
    NOW,
    POT,
    SIMILAR,
    event,
    lists,
    past_sessions,
)
from training.looks import with_looks

CONFIG = Path(__file__).parents[2] / "config"


def test_every_retriever_has_a_reason_in_both_languages() -> None:
    assert set(REASONS) == set(RETRIEVERS)
    assert set(REASONS.values()) < set(TEXTS)
    for code, texts in TEXTS.items():
        assert set(texts) == {"en", "zh"}
        for language in ("en", "zh"):
            assert "{" not in say(code, ["tea"], language)  # type: ignore[arg-type]


def test_an_item_of_past_sessions_goes_with_the_newest_and_what_was_seen_says_so(
    tea: Bundle,
) -> None:
    world = replace(tea, sessions=past_sessions([GREEN, GUIDE], [GREEN, GUIDE]))
    look = event(9, EventType.VIEW, "green", 30)
    slot = plan(sources={"session": 1}, repeat="always", fallback=[])
    slate = recommend(query(world, look, visitor_id="v", n=6), slot, world)
    told = {served.row: (served.reason, served.because) for served in slate.items}
    assert told[GUIDE] == ("goes_with", (GREEN,))
    assert told[GREEN] == ("seen", ())


@pytest.mark.parametrize(
    ("later", "told"), [(0, {GUIDE: "bought_similar", CUP: "bought_before"}), (10, {})]
)
def test_what_was_bought_is_not_said_to_be_seen_nor_what_is_long_ago_to_be_lately(
    tea: Bundle, later: int, told: dict[int, str]
) -> None:
    """Lin bought the cup 25 days ago."""
    world = replace(tea, sessions=past_sessions([CUP, GUIDE], [CUP, GUIDE]))
    slot = plan(sources={"session": 1}, repeat="always", fallback=[])
    asked = query(world, customer_id="lin", at=NOW + later * DAY_MS)
    slate = recommend(asked, slot, world)
    found = {one.row: one.reason for one in slate.items if one.source == "session"}
    assert {row: found[row] for row in found if row in (CUP, GUIDE)} == told


def test_what_one_buys_oneself_needs_no_other_item_to_lead_to_it(tea: Bundle) -> None:
    slot = plan(sources={"similar": 1}, repeat="always", fallback=[])
    near = [{**SIMILAR[row], GREEN: 1.0} if row == POT else SIMILAR[row] for row in range(6)]
    world = replace(tea, similar=lists(*near), alike=lists(*near))
    slate = recommend(query(world, customer_id="mei"), slot, world)
    told = {served.row: (served.reason, served.because) for served in slate.items}
    assert told[GREEN] == ("due_first", ()), "bought on days 0 and 10, and 20 days have passed"
    assert told[CUP] == ("viewed_similar", (POT,))


def test_a_pair_of_chance_leads_to_nothing_in_a_session(tea: Bundle) -> None:
    looks = event(9, EventType.VIEW, "guide", 30), event(8, EventType.VIEW, "green", 29.9)
    slot = plan(sources={"session": 1}, repeat="always", fallback=[])
    for alike, told in ((tea.alike, ("goes_with", (GREEN,))), (lists(*[{}] * 6), ("taste", ()))):
        world = replace(tea, alike=alike)
        slate = recommend(query(world, *looks, visitor_id="v"), slot, world)
        found = {served.row: (served.reason, served.because) for served in slate.items}
        assert found[BLACK] == told


def test_looks_that_weigh_nothing_in_a_shop_are_looked_at_all_the_same(tea: Bundle) -> None:
    world = replace(tea, shop=with_looks(tea.shop, 0.0))
    look = event(9, EventType.VIEW, "pot", 30)
    asked = query(world, look, visitor_id="v", n=3)
    assert asked.recent.tolist() == [POT]
    assert not asked.history.weights.any()
    late = query(world, look, visitor_id="v", at=NOW + 31 * DAY_MS)
    assert late.recent.tolist() == []


def test_a_reason_names_the_item_that_gave_most_by_the_weights_of_its_source(tea: Bundle) -> None:
    world = replace(tea, alike=lists({POT: 1.0}, {POT: 1.1}, {}, {}, {}, {}))
    slot = plan(sources={"context": 1}, repeat="always", fallback=[])
    slate = recommend(query(world, context_items=["green", "black"], n=1), slot, world)
    assert [(served.row, served.because) for served in slate.items] == [(POT, (GREEN,))]


def test_what_stands_far_down_is_named_where_a_name_belongs_and_else_is_a_taste(
    tea: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain, "NAMED_DEEP", 1)
    near = [{POT: 1.0, CUP: 0.5}, {}, {}, {}, {}, {}]
    world = replace(tea, similar=lists(*near), alike=lists(*near))
    look = event(9, EventType.VIEW, "green", 30)
    told = {}
    for source in ("similar", "context"):
        slot = plan(sources={source: 1}, repeat="always", fallback=[])
        asked = query(world, look, visitor_id="v", context_items=["green"], n=2)
        for served in recommend(asked, slot, world).items:
            told[source, served.row] = (served.reason, served.because)
    assert told == {
        ("similar", POT): ("viewed_similar", (GREEN,)),
        ("similar", CUP): ("taste", ()),
        ("context", POT): ("similar_to", (GREEN,)),
        ("context", CUP): ("similar_to", (GREEN,)),
    }


@pytest.mark.parametrize("name", ["home", "list", "search", "my", "item", "cart"])
def test_no_reason_leaves_a_gap_where_a_name_belongs(name: str, tea: Bundle) -> None:
    slots = read_slots(CONFIG / "slots.toml", read_shop(CONFIG / "shop.toml"))
    world = replace(tea, sessions=past_sessions([GREEN, GUIDE], [POT, MILK], [CUP, GREEN]))
    look = event(9, EventType.VIEW, "pot", 30)
    asked = query(world, look, customer_id="mei", context_items=["cup"], category="home", n=6)
    for served in recommend(asked, slots[name], world).items:
        assert bool(served.because) == ("{items}" in TEXTS[served.reason]["en"]), served


def test_what_was_bought_once_is_not_said_to_be_bought_often(tea: Bundle) -> None:
    slot = plan(sources={"again": 1}, repeat="always", fallback=[])
    once_more = event(9, EventType.PURCHASE, "green", 30, unit_price_minor=5000)
    mei = recommend(query(tea, once_more, customer_id="mei", n=1), slot, tea)
    lin = recommend(query(tea, customer_id="lin", n=1), slot, tea)
    assert [(served.row, served.reason) for served in mei.items] == [(GREEN, "again")]
    assert [(served.row, served.reason) for served in lin.items] == [(CUP, "bought_before")]
