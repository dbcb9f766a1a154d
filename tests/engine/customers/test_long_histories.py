"""Of a long history it is remembered what follows from it: the same, and at once."""

from unittest import mock

from hypothesis import given

from engine.customers import bought, ledger
from engine.customers.bought import Bought, bought_of
from engine.customers.ledger import Standing, standing_of
from engine.customers.remembered import LONG, forget
from engine.happened import Happened
from tests.engine.customers.strategies import logs
from tests.engine.customers.world import DEFAULTS, history_of, purchase, refund, schemes

LADDERS = [DEFAULTS.ladder, schemes(loyalty={"reset": "carry"}).ladder]


def follows(events: list[Happened], long: int) -> list[tuple[Bought, Standing]]:
    """Twice, each time from facts that are made anew, as at each request."""
    with mock.patch.object(bought, "LONG", long), mock.patch.object(ledger, "LONG", long):
        histories = [history_of(*events), history_of(*events)]
        return [
            (bought_of(history), standing_of(history, ladder))
            for history in histories
            for ladder in LADDERS
        ]


@given(logs())
def test_what_is_remembered_is_what_is_found(events: list[Happened]) -> None:
    assert follows(events, 0) == follows(events, 10**6)


def test_one_more_order_is_not_overlooked() -> None:
    orders = [purchase(i, 10, order_id=f"o{i}") for i in range(LONG)]
    back = refund(LONG, 10, order_id="o0")
    for given_back, more in ((0, []), (1, [back])):
        first, second = history_of(*orders, *more), history_of(*orders[1:])
        points = [standing_of(each, DEFAULTS.ladder).points for each in (first, second)]
        assert points == [10 * (LONG - given_back), 10 * (LONG - 1)]
        assert len(bought_of(first).at) == LONG - given_back


def test_a_long_history_is_gone_through_once_and_again_when_all_is_forgotten() -> None:
    events = [purchase(i, 10, order_id=f"o{i}") for i in range(LONG)]
    events.append(refund(LONG, 10, order_id="o1"))
    with mock.patch.object(ledger, "earnings_of", wraps=ledger.earnings_of) as gone_through:
        for _ in range(3):
            assert standing_of(history_of(*events), DEFAULTS.ladder).points == 10 * (LONG - 1)
        assert gone_through.call_count == 1
        forget()
        standing_of(history_of(*events), DEFAULTS.ladder)
        assert gone_through.call_count == 2
