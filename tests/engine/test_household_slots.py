"""What others of the household bought hides, and does nothing else (R6)."""

from dataclasses import replace

import numpy as np
import pytest

from engine.customers.households import bought_at_home
from engine.events import EventType
from engine.item_history import count
from engine.recommend import recommend
from tests.engine.asking import plan, query, rows
from tests.worlds import MILK, NOW, at_any_time, bundle, event


@pytest.mark.parametrize("cyclic", [True, False])
@pytest.mark.parametrize(
    ("repeat", "bought_at", "hidden"),
    [("when_due", 29, True), ("when_due", 10, False), ("never", 10, True), ("always", 29, False)],
)
def test_R6_what_is_at_home_is_hidden_as_the_slot_hides_what_one_bought(
    repeat: str, bought_at: float, *, hidden: bool, cyclic: bool
) -> None:
    """Also where goods are bought at any time: there is milk at home for its 7 days."""
    tea = bundle() if cyclic else at_any_time(bundle())
    bought = [event(50, EventType.PURCHASE, "milk", bought_at, unit_price_minor=1000)]
    mother = count(bought, np.array([MILK], np.int32), tea.shop.interactions, NOW)
    asked = replace(query(tea, customer_id="nobody"), at_home=bought_at_home([mother]))
    sources = {"again": 1, "due": 1, "similar": 1, "popular": 1}
    slate = recommend(asked, plan(sources=sources, repeat=repeat), tea)
    assert (MILK not in rows(slate)) == hidden
    assert {served.source for served in slate.items} == {"popular"}
