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
from engine.top import entries_of, reach
from engine.types import Lists, Rows, Scores, Served, Slate

NAMED_ITEMS: Final = 20  # the newest of a history that a reason may name; decision: people forget

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
    names = slot.names
    sources = [names[place] for place in pool.sources.tolist()]
    leads = _leads(pool, sources, query, bundle)
    known = _known(sources, query)
    items = []
    for row, score, source in zip(pool.rows.tolist(), pool.scores.tolist(), sources, strict=True):
        lead = leads.get(row)
        because = () if lead is None else (lead,)
        code, days = _reason(row, source, lead, known)
        items.append(Served(row, score, source, code, because, days))
    return Slate(tuple(items), query.degraded)


@dataclass(frozen=True, slots=True)
class _Known:
    bought: frozenset[int]  # empty where no item is shown that another led to
    due: Mapping[int, Cycle]  # near the end of its cycle; empty where nothing bought is shown
    often: frozenset[int]  # bought in more than one order, as far as that still counts


def _known(sources: list[str], query: Query) -> _Known:
    history = query.history
    held = history.rows[history.bought > 0].tolist() if LED.intersection(sources) else ()
    if not OWN.intersection(sources):
        return _Known(frozenset(held), {}, frozenset())
    often = history.rows[history.frequency > ONE_ORDER].tolist()
    return _Known(frozenset(held), query.supplies.cycles, frozenset(often))


Said = tuple[str, tuple[int, int] | None]  # a code, and days to say with it


def _reason(row: int, source: str, lead: int | None, known: _Known) -> Said:
    if source in LED:
        return _led(row, source, lead, known), None
    if source in OWN:
        return _own(row, known)
    return REASONS[source], None


def _own(row: int, known: _Known) -> Said:
    cycle = known.due.get(row)
    if cycle is not None:
        return "due" if cycle.own else "due_first", (cycle.every, cycle.ago)
    return "again" if row in known.often else "bought_before", None


def _led(row: int, source: str, lead: int | None, known: _Known) -> str:
    if lead is not None:
        return "bought_similar" if lead in known.bought else REASONS[source]
    if source == "similar":
        return "taste"  # what led to it is older than a reason may name, or met it by chance
    return "bought_before" if row in known.bought else "seen"


def _leads(pool: Pool, sources: list[str], query: Query, bundle: Bundle) -> dict[int, int]:
    """Item row of the slate → the item that speaks most for it, for sources that have one."""
    leads: dict[int, int] = {}
    for name in set(sources):
        evidence = _evidence(name, query, bundle)
        if evidence is None:
            continue
        chosen = pool.rows[[place for place, source in enumerate(sources) if source == name]]
        found = _strongest(evidence, chosen)
        leads |= _of_session(found, chosen, query.recent) if name == "session" else found
    return leads


def _of_session(found: Mapping[int, int], chosen: Rows, recent: Rows) -> dict[int, int]:
    """What past sessions alone propose goes with the newest item; what was seen goes with none."""
    newest, seen = int(recent[0]), set(recent.tolist())
    return {row: found.get(row, newest) for row in chosen.tolist() if row not in seen}


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
        named, most = latest_places(history, NAMED_ITEMS), reach(len(history))
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
    lines, scores = entries_of(lists, keys, most)
    rows, gains = lines.ravel(), (scores * weights[:, np.newaxis]).ravel()
    lead = np.zeros(len(lists), np.int32)  # 1 + the place of the key; 0 = none
    lead[chosen] = -1
    hits = ((lead.take(rows) < 0) & (gains > 0)).nonzero()[0]
    ascending = hits[gains.take(hits).argsort(kind="stable")]
    lead[chosen] = 0
    lead[rows.take(ascending)] = ascending // lines.shape[1] + 1  # of one row the last stays
    found = lead.take(chosen)
    led = found.nonzero()[0]
    owners = keys.take(found.take(led) - 1)
    return dict(zip(chosen.take(led).tolist(), owners.tolist(), strict=True))
