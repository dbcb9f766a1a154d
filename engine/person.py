"""What a bundle holds of one person: a customer, a visitor, or several ids that are linked."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

from engine.bundle import Bundle
from engine.customers.consent import personal
from engine.customers.history import EMPTY_HISTORY, History, fold_all, key_of, merge
from engine.customers.identity import customer_node, id_of
from engine.happened import Happened
from engine.item_history import SIGNS, count
from engine.item_history import merge as merge_items
from engine.last_units import Told
from engine.types import NO_ITEM_HISTORY, NO_ROWS, ItemHistory, Rows


@dataclass(frozen=True, slots=True)
class Known:
    """`row` is the customer whose factors and facts are all of this person's, -1 for none."""

    row: int = -1
    past: History = EMPTY_HISTORY
    items: ItemHistory = NO_ITEM_HISTORY


UNKNOWN_PERSON = Known()


@dataclass(frozen=True, slots=True)
class Updated:
    """`known` with the events since; `fresh` when it holds more of items than the bundle."""

    known: Known
    events: Sequence[Happened] = ()  # that the bundle does not hold
    rows: Rows = field(default_factory=lambda: NO_ROWS)  # the item of each, -1 for none
    fresh: bool = False


def known_customer(bundle: Bundle, customer_id: str | None) -> Known:
    row = -1 if customer_id is None else bundle.customers.row(customer_id)
    return UNKNOWN_PERSON if row < 0 else known_row(bundle, row)


def known_row(bundle: Bundle, row: int) -> Known:
    return Known(row, bundle.snapshot.history_of(row), bundle.customer_items.of(row))


def known_person(bundle: Bundle, nodes: Sequence[str]) -> Known:
    """`nodes` of engine.customers.identity are all ids of one person, the canonical one first.

    Where training knew the same links, this is one row; else what was done under each id is put
    together.
    """
    root = nodes[0]
    if bundle.linked.identity(root).person(root) == tuple(nodes):
        return (
            known_customer(bundle, _customer_of(root)) if len(nodes) > 1 else _alone(bundle, root)
        )
    parts = [_alone(bundle, node) for node in nodes]
    return Known(-1, merge([part.past for part in parts]), reduce(merge_items, _items(parts)))


def known_at_training(bundle: Bundle, customer_id: str | None) -> Known:
    """Whoever the id was at the training: of an alias, the person it was linked to."""
    if customer_id is None:
        return UNKNOWN_PERSON
    if not len(bundle.linked.nodes):
        return known_customer(bundle, customer_id)
    node = customer_node(customer_id)
    return known_person(bundle, bundle.linked.identity(node).person(node))


def home_at_training(bundle: Bundle, customer_id: str | None) -> tuple[ItemHistory, ...]:
    """What each of the others in the household did with items; nobody who opted out (A6)."""
    if customer_id is None or not len(bundle.linked.nodes):
        return ()
    node = customer_node(customer_id)
    people = bundle.linked.identity(node).at_home(node)
    known = (known_person(bundle, nodes) for nodes in people)
    return tuple(each.items for each in known if personal(each.past))


def updated(known: Known, tail: Sequence[Happened], bundle: Bundle) -> Updated:
    """`tail`, events in any order, folded over what is known; what was counted before is left."""
    if not tail:
        return Updated(known)
    events = [event for event in tail if key_of(event.event_id) not in known.past.seen]
    rows = bundle.items.rows([event.item_id or "" for event in events])
    told, config = told_before(known, events, rows), bundle.shop.interactions
    news = count(events, rows, config, bundle.manifest.watermark, told)
    past, items = fold_all(known.past, events), merge_items(known.items, news)
    return Updated(Known(known.row, past, items), events, rows, len(news) > 0)


def told_before(known: Known, tail: Sequence[Happened], rows: Rows) -> Told:
    """Of the orders that `tail` names, those that the bundle has counted for the item already, and
    those that it counted last: an order that is told in two parts is one order, and what comes back
    of the last one is no longer there. `rows[i]` is the item of `tail[i]`.

    The bundle keeps no items by order: what was bought since an order began is taken to be of it,
    and what was bought last to be of the order that began last before.
    """
    told = [
        (row, event.order_id, key_of(event.order_id))
        for row, event in zip(rows.tolist(), tail, strict=True)
        if event.type in SIGNS and event.order_id
    ]
    if not told:
        return Told(known.items)
    orders, wanted = known.past.orders, {key for _, _, key in told}
    began = {
        key: at for key, at in zip(orders.key, orders.at, strict=True) if key in wanted
    }  # gone through once, however many of both there are
    counted = {
        (row, order): (began[key], last)
        for row, order, key in told
        if key in began and (last := _last_bought(known.items, row)) >= began[key]
    }
    return Told(
        known.items,
        frozenset(counted),
        frozenset(
            each
            for each, (at, last) in counted.items()
            if at == orders.at[bisect_right(orders.at, last) - 1]
        ),
    )


def _last_bought(items: ItemHistory, item: int) -> int:
    """0 for never."""
    place = int(items.rows.searchsorted(item))
    if place == len(items) or items.rows[place] != item:
        return 0
    return int(items.last_bought_at[place])


def _items(parts: Sequence[Known]) -> list[ItemHistory]:
    return [part.items for part in parts if len(part.items)] or [NO_ITEM_HISTORY]


def _alone(bundle: Bundle, node: str) -> Known:
    """What was done under this one id."""
    row = bundle.linked.nodes.row(node)
    if row >= 0:
        return Known(-1, bundle.linked.snapshot.history_of(row), bundle.linked.items.of(row))
    return known_customer(bundle, _customer_of(node))


def _customer_of(node: str) -> str | None:
    customer_id = id_of(node)
    return customer_id if node == customer_node(customer_id) else None
