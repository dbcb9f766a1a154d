"""P1: what newcomers buy and send back, as far as whoever brought them is told."""

from dataclasses import replace

import pytest

from engine.customers.referrals import Referral, derived
from engine.customers.state import referred_buyers
from engine.events import EventType
from engine.happened import Happened
from tests.engine.customers.test_loyalty import points
from tests.engine.customers.world import at, event, history_of, purchase


def of_bob(kind: EventType, day: float, yuan: float | None, order: str | None) -> Happened:
    """What ann is told of bob, whom she brought on day 2."""
    line, fen = f"{kind} {order} {day} {yuan}", None if yuan is None else round(yuan * 100)
    made = event(kind, day, line, item_id="tea", unit_price_minor=fen, order_id=order)
    found = derived(replace(made, customer_id="bob"), Referral("ann", at(2)))
    assert found is not None
    return found


def test_P1_a_refund_of_what_was_ordered_before_the_referral_takes_nothing() -> None:
    mine = purchase(1, 3_000)
    back = of_bob(EventType.REFUND, 5, 5_000, "before")
    later = of_bob(EventType.PURCHASE, 6, 1_000, "after")
    assert points(mine, back) == 3_000
    assert points(mine, back, later) == 3_500
    assert points(mine, later, of_bob(EventType.REFUND, 7, 1_000, "after"), back) == 3_000
    assert points(mine, later, of_bob(EventType.REFUND, 7, 400, None)) == 3_300
    assert referred_buyers(history_of(mine, back, later).referred) == 1


def test_P1_a_referred_refund_dated_before_its_order_still_takes_it_back() -> None:
    back, bought = (
        of_bob(kind, day, 5_000, "o")
        for kind, day in ((EventType.REFUND, 3), (EventType.PURCHASE, 4))
    )
    assert points(purchase(1, 100), back, bought) == 100
    assert referred_buyers(history_of(back, bought).referred) == 0


@pytest.mark.parametrize("free", [0, None])
def test_P1_a_free_gift_that_comes_back_tells_of_no_order(free: float | None) -> None:
    """bob's order from before the referral comes back whole, with a line of 0 or of no price."""
    mine = purchase(1, 3_000)
    back = of_bob(EventType.REFUND, 5, 5_000, "before")
    gift = of_bob(EventType.REFUND, 5, free, "before")
    later = of_bob(EventType.PURCHASE, 6, 1_000, "after")
    for sent in ([gift, back], [back, gift]):
        assert points(mine, *sent) == 3_000
        assert points(mine, later, *sent) == 3_500
        assert referred_buyers(history_of(later, *sent).referred) == 1


def test_P1_a_gift_told_of_with_an_old_order_gives_nothing_and_nothing_is_taken_back() -> None:
    mine = purchase(1, 3_000)
    gift = of_bob(EventType.PURCHASE, 3, 0, "before")
    back = of_bob(EventType.REFUND, 5, 5_000, "before")
    assert points(mine, gift, back) == 3_000
    assert referred_buyers(history_of(gift, back).referred) == 0
