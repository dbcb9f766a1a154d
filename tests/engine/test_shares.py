"""Shares of a slot are settled together: what can be kept is kept."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import ItemKind
from engine.errors import ConfigError
from engine.recommend import recommend
from engine.shares import Demand, demand_of, settle
from engine.slot_settings import Share, ShareOf
from engine.slot_shares import is_of
from tests.engine.asking import plan, query, rows, shown
from tests.worlds import BLACK, CUP, GREEN, GUIDE, MILK, POT, bundle, candidates

KINDS = (ShareOf.GOODS, ShareOf.CONTENT, ShareOf.SERVICE)
Flags = Sequence[bool]


def can_all_be_kept(demands: Sequence[Demand], size: int, n: int) -> bool:
    """By trying every choice."""
    return any(
        all(d.least <= sum(d.inside[place] for place in chosen) <= d.most for d in demands)
        for count in range(n + 1)
        for chosen in combinations(range(size), count)
    )


def parts(draw: st.DrawFn, count: int) -> list[float]:
    """Tenths that are at most 1 together."""
    left, found = 10, []
    for _ in range(count):
        found.append(draw(st.integers(0, left)))
        left -= found[-1]
    return [part / 10 for part in found]


@st.composite
def least_shares(draw: st.DrawFn) -> tuple[int, int, list[Demand]]:
    size, n = draw(st.integers(0, 9)), draw(st.integers(1, 7))
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    kinds = draw(st.permutations(list(ShareOf)))[: draw(st.integers(1, 3))]
    shares = [
        Share(of=of, at_least=least)
        for of, least in zip(kinds, parts(draw, len(kinds)), strict=True)
    ]
    return size, n, [demand_of(share, n, draw(flags)) for share in shares]


@given(least_shares())
def test_every_least_share_that_can_be_kept_is_kept(drawn: tuple[int, int, list[Demand]]) -> None:
    size, n, demands = drawn
    found, unmet = settle(range(size), demands, n)
    assert len(set(found)) == len(found) == min(n, size)
    for demand in demands:
        got = sum(demand.inside[place] for place in found)
        assert (got < demand.least) == (demand.share in unmet)
    if sum(demand.least for demand in demands) <= n:
        scarce = {demand.share for demand in demands if sum(demand.inside) < demand.least}
        assert set(unmet) == scarce, "only what the list does not hold is missing"
    elif len(demands) <= 2 and can_all_be_kept(demands, size, n):
        assert not unmet, "one item may serve both"


@st.composite
def shares_of_kinds(draw: st.DrawFn) -> tuple[list[ShareOf], int, list[Demand]]:
    """Most shares too, of kinds that exclude each other."""
    items = draw(st.lists(st.sampled_from(KINDS), max_size=9))
    n = draw(st.integers(1, 7))
    demands = []
    for of, least in zip(KINDS, parts(draw, 3), strict=True):
        share = Share(of=of, at_least=least, at_most=draw(st.floats(least, 1)))
        demands.append(demand_of(share, n, [each is of for each in items]))
    return items, n, demands


@given(shares_of_kinds())
def test_least_shares_do_not_break_most_shares(
    drawn: tuple[list[ShareOf], int, list[Demand]],
) -> None:
    items, n, demands = drawn
    found, unmet = settle(range(len(items)), demands, n)
    for demand in demands:
        assert sum(demand.inside[place] for place in found) <= demand.most
    if can_all_be_kept(demands, len(items), n) and sum(d.least for d in demands) <= n:
        assert not unmet
    room = sum(min(sum(demand.inside), demand.most) for demand in demands)
    assert len(found) == min(n, room), "no place is left that something may take"


@given(
    kinds=st.lists(st.sampled_from([*ItemKind]), min_size=6, max_size=6),
    cheap=st.lists(st.booleans(), min_size=6, max_size=6),
    new=st.lists(st.integers(0, 5), unique=True, max_size=6),
    least=st.sampled_from([(0.25, 0.25, 0.25), (0.5, 0.25, 0.25), (0.2, 0.2, 0.6)]),
    lead=st.integers(0, 6),
    n=st.integers(4, 6),
)
def test_a_slate_keeps_the_shares_that_the_shop_can_fill(
    kinds: list[ItemKind],
    cheap: list[bool],
    new: list[int],
    least: tuple[float, float, float],
    lead: int,
    n: int,
) -> None:
    tea = bundle()
    catalogue = replace(
        tea.catalogue,
        kind=np.array(kinds, np.int8),
        list_price_minor=np.where(cheap, 10**6, -1),
        price_minor=np.full(6, 1000),
    )
    tea = replace(
        tea, catalogue=catalogue, new_arrivals=candidates({row: 1 / (1 + row) for row in new})
    )
    shares = [
        {"of": of, "at_least": part}
        for of, part in zip(("content", "on_sale", "new"), least, strict=True)
    ]
    leading = {"lead": {"source": "new_arrivals", "places": lead}} if lead else {}
    slot = plan(sources={"popular": 1, "new_arrivals": 0.01}, shares=shares, **leading)
    slate = recommend(query(tea, customer_id="nobody", n=n), slot, tea)
    shown_rows = np.array(rows(slate), np.int32)
    assert len(set(shown_rows.tolist())) == n
    scores = [served.score for served in slate.items]
    assert lead == 0 or scores == sorted(scores, reverse=True)
    demands = [demand_of(share, n, ()) for share in slot.base.shares]
    if sum(demand.least for demand in demands) > n:
        return
    for demand in demands:
        there = int(is_of(np.arange(6, dtype=np.int32), demand.share.of, tea).sum())
        got = int(is_of(shown_rows, demand.share.of, tea).sum())
        assert got >= min(demand.least, there), demand.share


def test_a_later_share_does_not_take_an_earlier_ones_place() -> None:
    both = [{"of": "content", "at_least": 0.25}, {"of": "on_sale", "at_least": 0.25}]
    for shares in (both, both[::-1]):
        slot = plan(shares=shares)
        assert shown(bundle(), slot, n=3) == [GREEN, BLACK, GUIDE]
        assert shown(bundle(), slot, n=2) == [BLACK, GUIDE]
    assert shown(bundle(), plan(shares=both), n=1) == [GUIDE], "of one place the first share's"


def test_the_lead_leaves_the_places_that_shares_need() -> None:
    arrivals = {POT: 1.0, BLACK: 0.9, MILK: 0.8, GREEN: 0.7}
    tea = replace(bundle(), new_arrivals=candidates(arrivals))
    sources = {"popular": 1.0, "new_arrivals": 0.0001}

    def led(places: int, **share: object) -> list[int]:
        lead = {"source": "new_arrivals", "places": places}
        return shown(tea, plan(sources=sources, lead=lead, shares=[share]), n=4)

    assert led(3, of="content", at_least=0.25) == [POT, BLACK, MILK, GUIDE]
    assert led(4, of="content", at_least=0.25) == [POT, BLACK, MILK, GUIDE]
    assert led(4, of="new", at_most=0.25) == [POT, CUP, GUIDE, GREEN], "there are but two others"


def test_a_share_gives_way_in_which_item_it_takes() -> None:
    """One item on sale at most: content must be the one at full price, for new is on sale."""
    content = Share(of=ShareOf.CONTENT, at_least=0.3)
    new, sale = Share(of=ShareOf.NEW, at_least=0.3), Share(of=ShareOf.ON_SALE, at_most=0.4)
    table = [
        (content, (True, True, False)), (new, (False, False, True)), (sale, (True, False, True)),
    ]  # fmt: skip
    demands = [demand_of(share, 3, inside) for share, inside in table]
    found, unmet = settle(range(3), demands, 3)
    assert (sorted(found), unmet) == ([1, 2], ())


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (
            [{"of": "content", "at_least": 0.6}, {"of": "on_sale", "at_least": 0.5}],
            r"slot: shares: .*at_least of all shares \(content 0\.6 \+ on_sale 0\.5\) is 1\.1",
        ),
        (
            [{"of": "new", "at_least": 0.2}, {"of": "new", "at_most": 0.1}],
            r"slot: shares: .*new is named twice; write its at_least and at_most in one share",
        ),
    ],
)
def test_shares_that_cannot_be_kept_together_are_refused_at_the_start(
    shares: list[dict[str, object]], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        plan(shares=shares)
    assert plan(shares=[{"of": "new", "at_least": 0.7}, {"of": "content", "at_least": 0.3}])


def test_the_lead_is_of_what_the_filters_leave() -> None:
    """Of two new arrivals the newer may be on the page already: the other takes the one place."""
    lead = {"source": "new_arrivals", "places": 1}
    slot = plan(sources={"popular": 1, "new_arrivals": 0.01}, lead=lead, repeat="always")
    tea = replace(bundle(), new_arrivals=candidates({POT: 0.9, MILK: 0.5}))
    for hidden, first in (([], POT), (["pot"], MILK), (["pot", "milk"], GREEN)):
        asked = query(tea, customer_id="nobody", exclude=hidden)
        assert rows(recommend(asked, slot, tea))[0] == first
