"""Beside an item stand the pairs that are no chance; a whole history adds up all of them."""

from dataclasses import replace
from pathlib import Path

from engine.bundle import Bundle
from engine.bundle_files import read_bundle, write_bundle
from engine.recommend import recommend
from tests.engine.asking import plan, query, rows
from tests.worlds import BLACK, CUP, GREEN, POT, SIMILAR, lists

ALIKE = lists({CUP: 0.5}, *SIMILAR[1:])  # green and black tea met by chance


def test_an_items_page_shows_no_pair_of_chance_and_a_history_counts_it(tea: Bundle) -> None:
    world = replace(tea, alike=ALIKE)
    for source, asked, shown in (
        ("context", {"context_items": ["green"]}, [CUP]),
        ("similar", {"customer_id": "mei"}, [BLACK]),
    ):
        slot = plan(sources={source: 1}, repeat="always", fallback=[])
        found = rows(recommend(query(world, n=9, **asked), slot, world))
        whole = rows(recommend(query(tea, n=9, **asked), slot, tea))
        assert set(shown) <= set(found)
        assert (found == whole) == (source == "similar")
        assert BLACK in whole


def test_the_reason_is_the_pair_that_is_shown(tea: Bundle) -> None:
    world = replace(tea, alike=ALIKE)
    slot = plan(sources={"context": 1}, repeat="always", fallback=[])
    (cup,) = recommend(query(world, context_items=["green"], n=1), slot, world).items
    assert (cup.row, cup.because) == (CUP, (GREEN,))


def test_a_reason_names_no_pair_of_chance_among_what_led_to_an_item(tea: Bundle) -> None:
    """mei bought green tea, which met black by chance, and looked at the pot."""
    world = replace(tea, alike=ALIKE)
    slot = plan(sources={"similar": 1}, repeat="always", fallback=[])
    for shop, black in ((tea, ("bought_similar", (GREEN,))), (world, ("taste", ()))):
        slate = recommend(query(shop, customer_id="mei", n=9), slot, shop)
        told = {
            one.row: (one.reason, one.because) for one in slate.items if one.source == "similar"
        }
        assert told[BLACK] == black
        assert told[CUP] == ("viewed_similar", (POT,))


def test_of_what_led_to_an_item_the_most_alike_that_is_no_chance_is_named(tea: Bundle) -> None:
    """The cup is led to by green tea, which was bought, and by the pot, which is more alike."""
    chance = lists(*SIMILAR[:4], {}, {})  # the pot met the cup by chance
    slot = plan(sources={"similar": 1}, repeat="always", fallback=[])
    slate = recommend(query(tea, customer_id="mei", n=9), slot, replace(tea, alike=chance))
    told = {one.row: (one.reason, one.because) for one in slate.items}
    assert told[CUP] == ("bought_similar", (GREEN,))


def test_it_is_kept_with_the_bundle(tea: Bundle, tmp_path: Path) -> None:
    write_bundle(replace(tea, alike=ALIKE), tmp_path)
    assert read_bundle(tmp_path).alike.of(GREEN, 9).rows.tolist() == [CUP]
