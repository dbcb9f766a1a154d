from itertools import combinations

import numpy as np
import pytest

from caini.demo.items import make_items, query_table, shelf_counts
from caini.demo.prices import price_at, sale_share
from caini.demo.shelves import POSITIONS, SHELVES
from caini.demo.world import DemoConfig, Items, Simulated
from engine.types import DAY_MS


@pytest.fixture(scope="module")
def items() -> Items:
    return make_items(DemoConfig(items=600), np.random.default_rng(5))


@pytest.mark.parametrize("count", [60, 100, 2_000, 12_345])
def test_the_catalogue_has_as_many_items_as_asked(count: int) -> None:
    assert shelf_counts(count).sum() == count


def test_every_title_is_in_english_and_in_chinese(items: Items) -> None:
    for title in items.titles:
        english, chinese = title.split(" · ")
        assert english.strip()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)


def test_a_title_names_brand_thing_and_size() -> None:
    tea = make_items(DemoConfig(items=2_000), np.random.default_rng(0)).titles
    assert "Qingshan Longjing tea 250 g · 青山 龙井茶 250克" in tea


def test_titles_stay_different_in_a_large_catalogue() -> None:
    many = make_items(DemoConfig(items=20_000), np.random.default_rng(0)).titles
    assert len(set(many)) == 20_000


def test_every_shelf_has_its_category_in_both_languages() -> None:
    assert SHELVES[0].category == "baby > formula"
    assert SHELVES[0].category_label == "母婴 > 奶粉"
    assert len({shelf.category for shelf in SHELVES}) == len(SHELVES)


def test_every_complement_of_a_shelf_exists() -> None:
    assert {code for shelf in SHELVES for code in shelf.complements} <= set(POSITIONS)


def test_the_stages_of_a_family_follow_each_other_and_cost_the_same(items: Items) -> None:
    formula = np.arange(*items.starts[POSITIONS["formula"] : POSITIONS["formula"] + 2])
    assert (items.stage[formula].reshape(-1, 4) == [1, 2, 3, 4]).all()
    assert (np.ptp(items.price[formula].reshape(-1, 4), axis=1) == 0).all()
    assert (np.ptp(items.style[formula].reshape(-1, 4, items.style.shape[1]), axis=1) == 0).all()


def test_the_larger_size_of_a_thing_costs_more() -> None:
    """At 2,000 items hundreds of things come in more than one size."""
    shop = make_items(DemoConfig(), np.random.default_rng(5))
    price = dict(
        zip([title.split(" · ")[0] for title in shop.titles], shop.price.tolist(), strict=True)
    )
    compared = [
        (price[title.replace(f" {larger}", f" {smaller}")], price[title])
        for shelf in SHELVES
        for sizes in shelf.sizes
        for smaller, larger in combinations(sizes, 2)
        for title in price
        if f" {larger}" in title and title.replace(f" {larger}", f" {smaller}") in price
    ]
    assert len(compared) > 200
    assert all(small < large for small, large in compared)


def test_every_size_is_a_variant_of_its_shelf() -> None:
    for shelf in SHELVES:
        sizes = [size for one in shelf.sizes for size in one]
        assert len(sizes) == len(set(sizes))
        variants = {one for noun, _ in shelf.nouns for one, _ in shelf.variants_of(noun)}
        assert set(sizes) <= variants


def test_a_variant_suits_its_thing() -> None:
    """Units and packs stand only where the thing comes in them."""
    suits = {
        "双装": {"跑步袜"},
        "瓦": {"充电器", "充电宝"},
        "毫安时": {"充电宝"},
        "1米": {"编织数据线"},
        "1.5米": {"纯棉床单", "羽绒被", "羊毛毯"},
        "2升": {"洗衣液", "洗洁精", "地板清洁剂"},
        "四人": {"帐篷"},
        "图解版": {"怎样冲泡", "先买什么", "十问十答", "新手指南"},
    }
    named = [
        (noun[1], variant[1])
        for shelf in SHELVES
        for noun in shelf.nouns
        for variant in shelf.variants_of(noun[0])
    ]
    for unit, things in suits.items():
        assert {thing for thing, variant in named if variant.endswith(unit)} == things, unit


def test_what_has_variants_of_its_own_is_a_thing_of_its_shelf() -> None:
    for shelf in SHELVES:
        assert set(shelf.own) <= {english for english, _ in shelf.nouns}
        lengths = {len(shelf.variants), *map(len, shelf.own.values())}
        assert len(lengths) == 1, "of as many: none is likelier to be drawn"


def test_popularity_within_a_shelf_falls_like_zipf(items: Items) -> None:
    snacks = slice(*items.starts[POSITIONS["snacks"] : POSITIONS["snacks"] + 2])
    share = np.sort(items.popularity[snacks])[::-1]
    assert share.sum() == pytest.approx(1)
    slope = np.polyfit(np.log(np.arange(1, len(share) + 1)), np.log(share), 1)[0]
    assert slope == pytest.approx(-0.9, abs=0.01)


def test_only_articles_are_free(items: Items) -> None:
    free = items.price == 0
    assert set(items.shelf[free].tolist()) == {POSITIONS["articles"]}
    assert (items.cost[~free] < items.price[~free]).all()


def test_complements_come_from_the_shelves_that_go_with_an_item(items: Items) -> None:
    machine = items.starts[POSITIONS["coffee-machines"]]
    shelves = {SHELVES[shelf].code for shelf in items.shelf[items.complements[machine]]}
    assert shelves == {"filters", "coffee"}


def test_an_item_on_sale_costs_less_and_never_more(items: Items) -> None:
    start = DemoConfig().start_ms
    rows = np.repeat(np.arange(len(items), dtype=np.int32), 60)
    at = np.tile(start + np.arange(60) * 6 * DAY_MS, len(items))
    on = sale_share(items, rows, at) > 0
    price = price_at(items, rows, at)
    assert 0.05 < on.mean() < 0.3
    assert (price[on] < items.price[rows[on]]).all()
    assert (price[~on] == items.price[rows[~on]]).all()
    assert not on[~items.promoted[rows]].any()


def test_every_promoted_item_is_on_sale_on_singles_day(items: Items) -> None:
    rows = np.flatnonzero(items.promoted).astype(np.int32)
    noon = int(np.datetime64("2025-11-11T04:00", "ms").astype(np.int64))
    assert (sale_share(items, rows, np.full(len(rows), noon)) > 0).all()


def test_no_sale_is_asked_for_nothing(items: Items) -> None:
    nothing = np.zeros(0, np.int64)
    assert price_at(items, nothing.astype(np.int32), nothing).size == 0


def test_the_word_an_item_is_searched_by_stands_in_its_title(shop: Simulated) -> None:
    words = query_table()
    for title, query in zip(shop.items.titles, shop.items.query, strict=True):
        assert words[query] in title
        assert words[query + 1] in title
