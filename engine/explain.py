"""Say for each item of a slate where it came from and which of the customer's items led to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from engine.bundle import Bundle
from engine.customers.supplies import Cycle
from engine.item_history import latest_places
from engine.query import Query
from engine.ranking import Pool
from engine.retrievers import by_position
from engine.slots import Slot
from engine.top import reach, standing_in
from engine.types import Lists, Rows, Scores, Served, Slate

NAMED_ITEMS: Final = 20  # the newest of a history that a reason may name; decision: people forget

NAMED_DEEP: Final = 64  # of what each is alike; measured: one item of 500 has its reason below

ONE_ORDER: Final = 1.001  # one order adds 1 at most to the frequency of an item

OWN: Final = frozenset({"again", "due"})  # sources of what the customer bought
LED: Final = frozenset({"similar", "session"})  # of what it may have led to

REASONS: Final = {
    "similar": "viewed_similar",
    "session": "goes_with",
    "context": "similar_to",
    "bought_together": "bought_together",
    "als": "taste",
    "nearest": "alike",
    "again": "again",
    "due": "due",
    "searched": "matches_search",
    "popular": "popular",
    "popular_in_category": "popular_in_category",
    "popular_in_segment": "popular_in_segment",
    "new_arrivals": "new_arrival",
    "on_sale": "on_sale",
    "content": "content",
    "service": "service",
    "from_referrer": "newcomer",
}
"""The reason that a source gives; a test holds this against the table of retrievers."""


def explain(pool: Pool, query: Query, slot: Slot, bundle: Bundle) -> Slate:
    """`pool` in its final order becomes the slate."""
    names, rows = slot.names, pool.rows.tolist()
    sources = [names[place] for place in pool.sources.tolist()]
    leads = _leads(pool, sources, query, bundle)
    known = _known(rows, query)
    items = []
    for row, score, source in zip(rows, pool.scores.tolist(), sources, strict=True):
        items.append(Served(row, score, source, *_reason(row, source, leads.get(row), known)))
    return Slate(tuple(items), query.degraded)


@dataclass(frozen=True, slots=True)
class _Known:
    """What of the customer's own past a reason may tell."""

    seen: frozenset[int]  # lately
    bought: frozenset[int]
    often: frozenset[int]  # bought in more than one order, as far as that still counts
    due: Mapping[int, Cycle]  # near the end of its cycle


def _known(shown: list[int], query: Query) -> _Known:
    """The last two are empty where nothing that was bought is shown."""
    history, seen = query.history, frozenset(query.recent.tolist())
    bought = frozenset(history.rows[history.bought > 0].tolist())
    if bought.isdisjoint(shown):
        return _Known(seen, bought, frozenset(), {})
    often = history.rows[history.frequency > ONE_ORDER].tolist()
    return _Known(seen, bought, frozenset(often), query.supplies.cycles)


Said = tuple[str, tuple[int, ...], tuple[int, int] | None]  # a code, items that it names, and days


def _reason(row: int, source: str, lead: int | None, known: _Known) -> Said:
    """What the customer buys themself needs no other item to lead to it."""
    if source in OWN or (source in LED and row in known.bought):
        return _own(row, known)
    if lead is not None:
        bought = source in LED and lead in known.bought
        return "bought_similar" if bought else REASONS[source], (lead,), None
    if source in LED:
        return "seen" if row in known.seen else "taste", (), None
    return REASONS[source], (), None


def _own(row: int, known: _Known) -> Said:
    cycle = known.due.get(row)
    if cycle is not None:
        return "due" if cycle.own else "due_first", (), (cycle.every, cycle.ago)
    return "again" if row in known.often else "bought_before", (), None


def _leads(pool: Pool, sources: list[str], query: Query, bundle: Bundle) -> dict[int, int]:
    """Item row of the slate → the item that speaks most for it, for sources that have one."""
    leads: dict[int, int] = {}
    for name in set(sources):
        evidence = _evidence(name, query, bundle)
        if evidence is None:
            continue
        chosen = pool.rows[[place for place, source in enumerate(sources) if source == name]]
        found = _strongest(evidence, chosen)
        leads |= _of_session(found, chosen, query.recent, bundle) if name == "session" else found
    return leads


def _of_session(
    found: Mapping[int, int], chosen: Rows, recent: Rows, bundle: Bundle
) -> dict[int, int]:
    """What past sessions alone propose goes with the newest item; what was seen goes with none, nor
    does what a pair of chance has brought."""
    seen = set(recent.tolist())
    leads = {row: lead for row, lead in found.items() if row not in seen}
    rest = np.array([row for row in chosen.tolist() if row not in found and row not in seen], int)
    if len(rest):
        pairs = _Evidence(bundle.similar, recent, by_position(len(recent)), reach(len(recent)))
        by_chance = _strongest(pairs, rest)
        leads |= {row: int(recent[0]) for row in rest.tolist() if row not in by_chance}
    return leads


class _Evidence(NamedTuple):
    """What a source summed up, as far as a reason may name it."""

    lists: Lists
    keys: Rows
    weights: Scores
    most: int  # entries of each list


def _evidence(source: str, query: Query, bundle: Bundle) -> _Evidence | None:
    """`similar` and `session` sum up all pairs; named are those alone that are no chance."""
    if source == "similar":
        history = query.history
        named, most = latest_places(history, NAMED_ITEMS), min(reach(len(history)), NAMED_DEEP)
        liked = np.sign(history.weights[named])  # the most alike is named, not the most bought
        return _Evidence(bundle.alike, history.rows[named], liked, most)
    asked = {
        "session": (query.recent, bundle.alike),
        "context": (query.context, bundle.alike),
        "bought_together": (query.basket, bundle.bought_together),
    }
    if source not in asked:
        return None
    keys, lists = asked[source]
    return _Evidence(lists, keys, by_position(len(keys)), reach(len(keys)))


def _strongest(evidence: _Evidence, chosen: Rows) -> dict[int, int]:
    """For each chosen item the key whose list contributes most to it; ties go to the later key."""
    lists, keys, weights, most = evidence
    rows, places, scores = standing_in(lists, keys, most, chosen)
    gains = scores * weights.take(places)
    gainful = (gains > 0).nonzero()[0]
    rising = gainful.take(gains.take(gainful).argsort(kind="stable"))
    led, owners = rows.take(rising), keys.take(places.take(rising))
    return dict(zip(led.tolist(), owners.tolist(), strict=True))  # of one row the last stays
