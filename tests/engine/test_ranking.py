"""Laws of fusing, filtering and spreading that hold for whatever the sources find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.query import Asked, enrich
from engine.ranking import Pool, append, arrange, fuse
from engine.recommend import choose
from engine.slot_rules import filters_of
from engine.slots import Repeat, Slot, Spread, Title
from engine.top import best
from engine.types import Candidates
from tests.worlds import ITEMS, NOW, bundle, sold_out

TEA = bundle()
TITLE = Title(en="x", zh="x")
ROWS = st.sampled_from(range(len(ITEMS)))
SOURCE = st.dictionaries(
    ROWS, st.integers(1, 400).map(lambda quarters: quarters / 4), max_size=len(ITEMS)
)


def found(scored: dict[int, float]) -> Candidates:
    rows = np.array(sorted(scored), np.int32)
    return best(rows, np.array([scored[row] for row in rows.tolist()], np.float32), len(ITEMS))


@given(st.lists(st.tuples(SOURCE, st.floats(0.1, 3)), max_size=4))
def test_fusing_keeps_every_item_once_and_adds_what_each_source_says(
    told: list[tuple[dict[int, float], float]],
) -> None:
    pool = fuse([found(scored) for scored, _ in told], [weight for _, weight in told])
    wanted: dict[int, float] = {}
    for scored, weight in told:
        scale = np.mean(sorted(scored.values(), reverse=True)[:20]) if scored else 1
        for row, score in scored.items():
            wanted[row] = wanted.get(row, 0) + weight * score / scale
    assert sorted(pool.rows.tolist()) == sorted(wanted)
    assert np.allclose(pool.scores, [wanted[row] for row in pool.rows.tolist()], rtol=1e-4)
    assert (np.diff(pool.scores) <= 0).all()
    for row, source in zip(pool.rows.tolist(), pool.sources.tolist(), strict=True):
        assert row in told[source][0]


@given(SOURCE, SOURCE)
def test_fusing_does_not_depend_on_the_unit_of_a_source(
    one: dict[int, float], two: dict[int, float]
) -> None:
    scaled = {row: score * 8 for row, score in two.items()}
    here, there = (fuse([found(one), found(other)], [1, 0.5]) for other in (two, scaled))
    assert here.rows.tolist() == there.rows.tolist()
    assert np.allclose(here.scores, there.scores, rtol=1e-5)


@given(SOURCE)
def test_a_source_of_weight_zero_says_nothing(scored: dict[int, float]) -> None:
    assert len(fuse([found(scored)], [0])) == 0


BARRED = st.sets(ROWS)


@given(BARRED, BARRED, BARRED, st.sampled_from(Repeat))
def test_nothing_that_is_barred_passes_the_filter_and_all_else_does(
    gone: set[int], excluded: set[int], in_cart: set[int], repeat: Repeat
) -> None:
    world = sold_out(TEA, *gone)
    asked = Asked(
        n=6,
        exclude=[ITEMS[row] for row in excluded],
        cart=[ITEMS[row] for row in in_cart],
    )
    query = enrich(asked, world, NOW)
    slot = Slot(title=TITLE, sources={"popular": 1}, repeat=repeat)
    keep = filters_of(query, slot, world).keep(np.arange(6, dtype=np.int32))
    assert set(np.flatnonzero(keep)) == set(range(6)) - gone - excluded - in_cart


@given(BARRED, BARRED, st.integers(1, 10), st.sampled_from([None, "mei", "lin"]))
def test_a_slate_is_full_while_the_catalogue_allows_and_holds_nothing_twice(
    gone: set[int], excluded: set[int], n: int, who: str | None
) -> None:
    world = sold_out(TEA, *gone)
    asked = Asked(n=n, customer_id=who, exclude=[ITEMS[row] for row in excluded])
    slot = Slot(title=TITLE, sources={"similar": 1, "als": 1}, repeat=Repeat.ALWAYS)
    rows = choose(enrich(asked, world, NOW), slot, world).rows.tolist()
    assert len(rows) == len(set(rows)) == min(n, 6 - len(gone | excluded))
    assert not set(rows) & (gone | excluded)


@given(st.permutations(range(6)), st.integers(1, 3))
def test_spreading_moves_items_back_and_loses_none(order: list[int], cap: int) -> None:
    rows = np.array(order, np.int32)
    pool = Pool(rows, np.arange(6, 0, -1, dtype=np.float64), np.zeros(6, np.int64))
    slot = Slot(title=TITLE, sources={"popular": 1}, spread=Spread(brand=cap))
    spread = arrange(pool, slot, TEA)
    assert sorted(spread.rows.tolist()) == list(range(6))
    seen: dict[int, int] = {}
    early = []
    for row in order:
        brand = int(TEA.catalogue.brand[row])
        seen[brand] = seen.get(brand, 0) + 1
        if brand < 0 or seen[brand] <= cap:
            early.append(row)
    assert spread.rows.tolist()[: len(early)] == early


CAPS = st.integers(1, 3) | st.none()


@given(st.permutations(range(6)), CAPS, CAPS, st.integers(1, 7))
def test_the_first_places_are_spread_as_in_a_whole_list(
    order: list[int], brand: int | None, category: int | None, shown: int
) -> None:
    rows = np.array(order, np.int32)
    pool = Pool(rows, np.arange(6, 0, -1, dtype=np.float64), np.zeros(6, np.int64))
    spread = Spread(brand=brand, category=category)
    slot = Slot(title=TITLE, sources={"popular": 1}, spread=spread)
    whole = arrange(pool, slot, TEA)
    assert arrange(pool, slot, TEA, shown).rows[:shown].tolist() == whole.rows[:shown].tolist()


@given(SOURCE, SOURCE)
def test_what_is_appended_stands_behind_and_comes_once(
    first: dict[int, float], second: dict[int, float]
) -> None:
    pool = fuse([found(first)], [1])
    longer = append(pool, found(second), 7)
    assert longer.rows.tolist()[: len(pool)] == pool.rows.tolist()
    assert sorted(longer.rows.tolist()) == sorted(set(first) | set(second))
    assert (np.diff(longer.scores) <= 1e-12).all()


def test_what_is_appended_to_negative_scores_lies_below_them_too() -> None:
    pool = Pool(np.array([0, 1], np.int32), np.array([-1.0, -3.0]), np.array([0, 0]))
    longer = append(pool, found({2: 0.5, 3: 0.25}), 1)
    assert longer.scores.tolist() == [-1, -3, -3, -3.25]


def test_a_spread_also_holds_for_what_the_fallback_brings() -> None:
    slot = Slot(
        title=TITLE,
        sources={"bought_together": 1},
        spread=Spread(category=1),
        fallback=("popular",),
    )
    query = enrich(Asked(n=4), TEA, NOW)
    chosen = choose(query, slot, TEA)
    codes = TEA.catalogue.category[chosen.rows[:3]].tolist()
    assert len(set(codes)) == 3
