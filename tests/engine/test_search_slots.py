"""G2: the block of a search page, by the shipped slots, in the tea shop of tests/worlds.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.bundle import Bundle, Words
from engine.events import EventType
from engine.ids import IdMap
from engine.recommend import recommend
from engine.retrievers import searched
from engine.shop import read_shop
from engine.slots import SlotPlan, read_slots
from tests.engine.asking import plan, query, rows
from tests.worlds import BLACK, CUP, GREEN, GUIDE, MILK, POT, event, lists, past_sessions

CONFIG = Path(__file__).parents[2] / "config"
TEA = {GREEN, BLACK, POT}  # what "tea" finds


@pytest.fixture(scope="module")
def search() -> SlotPlan:
    return read_slots(CONFIG / "slots.toml", read_shop(CONFIG / "shop.toml"))["search"]


def test_what_matches_the_words_stands_before_all_that_was_looked_at(
    search: SlotPlan, tea: Bundle
) -> None:
    """Others who looked at the cup went on to milk and the guide, whatever was searched."""
    world = replace(tea, sessions=past_sessions([CUP, MILK, GUIDE], [CUP, GUIDE], [CUP, MILK]))
    look = event(9, EventType.VIEW, "cup", 30)
    slate = recommend(query(world, look, visitor_id="v", search="tea"), search, world)
    assert set(rows(slate)[:3]) == TEA
    assert {one.reason for one in slate.items[:3]} == {"matches_search"}
    assert {CUP, MILK, GUIDE} == set(rows(slate)[3:])


def test_of_what_matches_the_customer_sees_first_what_they_care_for(
    search: SlotPlan, tea: Bundle
) -> None:
    stranger = recommend(query(tea, search="tea"), search, tea)
    assert rows(stranger)[:3] == [GREEN, BLACK, POT], "by what sells"
    look = event(9, EventType.VIEW, "cup", 30)  # which goes with the pot, then with green tea
    looked = recommend(query(tea, look, visitor_id="v", search="tea"), search, tea)
    assert rows(looked)[:3] == [POT, GREEN, BLACK]


def test_more_words_match_better_than_what_sells(search: SlotPlan, tea: Bundle) -> None:
    assert rows(recommend(query(tea, search="pot tea"), search, tea))[:3] == [POT, GREEN, BLACK]


def test_before_a_word_is_typed_the_last_search_and_the_last_look_show_at_once(
    search: SlotPlan, tea: Bundle
) -> None:
    world = replace(tea, sessions=past_sessions([CUP, GUIDE], [CUP, GUIDE], [CUP, GUIDE]))
    news = event(8, EventType.SEARCH, None, 30, query="tea"), event(9, EventType.VIEW, "cup", 30)
    found = rows(recommend(query(world, *news, visitor_id="v"), search, world))
    assert CUP in found[:3]
    assert TEA & set(found[:3])
    typed = rows(recommend(query(world, *news, visitor_id="v", search="tea"), search, world))
    assert set(typed[:3]) == TEA


def test_what_nothing_matches_shows_what_is_related(search: SlotPlan, tea: Bundle) -> None:
    look = event(9, EventType.VIEW, "cup", 30)
    found = rows(recommend(query(tea, look, visitor_id="v", search="xyzzy"), search, tea))
    assert POT in found[:2]
    assert len(found) == 6


def test_among_equal_matches_what_sells_more_comes_first_also_where_few_are_asked(
    tea: Bundle,
) -> None:
    """The words of a large catalogue match more than a source is asked for."""
    words = Words(IdMap.build(["thing"]), lists(dict.fromkeys(range(6), 0.5)))
    slot = plan(sources={"searched": 1}, fallback=[], repeat="always")
    world = replace(tea, words=words)
    asked = query(world, search="thing", n=6)
    assert rows(recommend(asked, slot, world)) == [GREEN, CUP, MILK, BLACK, POT, GUIDE]
    assert searched(asked, world, 2).rows.tolist() == [GREEN, CUP]
