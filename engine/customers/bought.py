"""Own orders after refunds: what every rule about money starts from."""

from bisect import bisect_right
from typing import NamedTuple

from engine.customers.facts import History, Orders, Refund
from engine.customers.remembered import LONG, remembered


class Bought(NamedTuple):
    """Orders as columns, sorted by (at, key), without those that came back whole.

    `loose` are refunds of no order that is known: each lowers the money of its own day.
    """

    at: tuple[int, ...]
    key: tuple[int, ...]
    amount_minor: tuple[int, ...]
    cost_minor: tuple[int, ...]
    units: tuple[int, ...]
    promoted: tuple[int, ...]
    loose: tuple[Refund, ...] = ()

    def since(self, instant: int) -> int:
        """Position of the first order later than `instant`."""
        return bisect_right(self.at, instant)


def bought_of(history: History) -> Bought:
    orders = history.orders
    if not history.refunds:
        return Bought(
            orders.at,
            orders.key,
            orders.gross_minor,
            orders.cost_minor,
            orders.units,
            orders.promoted,
        )
    if len(orders.at) >= LONG:
        return _remembered(orders, history.refunds)
    return _after_refunds(orders, history.refunds)


def _after_refunds(orders: Orders, refunds: tuple[Refund, ...]) -> Bought:
    known = set(orders.key)
    back: dict[int, tuple[int, int]] = {}
    for refund in refunds:
        money, goods = back.get(refund.order_key, (0, 0))
        back[refund.order_key] = (money + refund.amount_minor, goods + refund.units)
    kept: list[tuple[int, int, int, int, int, int]] = []
    for order in orders.each():
        money, goods = back.get(order.key, (0, 0))
        net, left = order.gross_minor - money, max(order.units - goods, 0)
        if net > 0 or (order.gross_minor == 0 and left > 0):
            cost = order.cost_minor * left // order.units
            kept.append((order.at, order.key, net, cost, left, min(order.promoted, left)))
    loose = tuple(refund for refund in refunds if refund.order_key not in known)
    if not kept:
        return Bought((), (), (), (), (), (), loose)
    at, key, amount, costs, units, promoted = zip(*kept, strict=True)
    return Bought(at, key, amount, costs, units, promoted, loose)


_remembered = remembered(_after_refunds)
