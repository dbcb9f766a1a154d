"""Slates with their reasons for some customers: `training.slates` for what a message says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.explain import explain
from engine.query import Asked, Query, enrich_row
from engine.ranking import Pool
from engine.reasons import TEXTS, Language, say
from engine.recommend import choose
from engine.slot_rules import filters_of
from engine.slots import Slot, SlotPlan
from engine.types import Mask, Rows, Slate
from training.cases import Case, cases_of, pieces

REASONS: Final = tuple(TEXTS)
PLACES: Final = {code: place for place, code in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list is about. `item` stands first; `outside` are rows that may not stand at all."""

    n: int
    now: int
    channel: str | None = None
    item: int = -1
    outside: Rows | None = None


@dataclass(frozen=True, slots=True)
class Reasoned:
    """One line a customer; -1 after the end of a short slate."""

    rows: NDArray[np.int32]  # (n_customers, n)
    reasons: NDArray[np.int8]  # (n_customers, n) positions in REASONS
    because: NDArray[np.int32]  # (n_customers, n) the item that a reason names; -1 = none
    days: NDArray[np.int32]  # (n_customers, n, 2) that a reason names; -1 = none

    def take(self, lines: Mask | slice) -> "Reasoned":
        return Reasoned(
            self.rows[lines], self.reasons[lines], self.because[lines], self.days[lines]
        )


def reasoned(
    customers: Rows, sent: Mapping[int, Rows], plan: SlotPlan, bundle: Bundle, offer: Offer
) -> Reasoned:
    """`sent[i]` are items that customer i was sent lately: they are left out."""
    found = _none(len(customers), offer.n)
    for lines in pieces(len(customers)):
        asked = {
            line: _query(int(customers[line]), sent.get(line), bundle, offer) for line in lines
        }
        asked = {line: each for line, each in asked.items() if _may_lead(each, plan, bundle, offer)}
        cases = cases_of([_beside(query, offer) for query in asked.values()], plan, bundle)
        pools = [_chosen(case, bundle, offer) for case in cases]
        for (line, query), case, pool in zip(asked.items(), cases, pools, strict=True):
            _tell(line, explain(pool, query, case.slot, bundle), found)
    return found


def _query(customer: int, sent: Rows | None, bundle: Bundle, offer: Offer) -> Query:
    query = enrich_row(Asked(n=offer.n, channel=offer.channel), bundle, customer, offer.now)
    barred = [rows for rows in (sent, offer.outside) if rows is not None]
    return replace(query, exclude=np.concatenate(barred)) if barred else query


def _beside(query: Query, offer: Offer) -> Query:
    """What is asked for beside the item that the list is about."""
    if offer.item < 0:
        return query
    without = np.append(query.exclude, np.int32(offer.item))
    return replace(query, n=offer.n - 1, exclude=without)


def _may_lead(query: Query, plan: SlotPlan, bundle: Bundle, offer: Offer) -> bool:
    """Asked before the slate is made: who is not shown the item is sent nothing."""
    if offer.item < 0:
        return True
    row = np.array([offer.item], np.int32)
    return bool(filters_of(query, plan.slot_for(query), bundle).keep(row).all())


def _chosen(case: Case, bundle: Bundle, offer: Offer) -> Pool:
    chosen = choose(case.query, case.slot, bundle, case.ahead)
    return chosen if offer.item < 0 else _led_by(offer.item, chosen, case.slot)


def _tell(line: int, slate: Slate, found: Reasoned) -> None:
    for place, served in enumerate(slate.items):
        found.rows[line, place] = served.row
        found.reasons[line, place] = PLACES[served.reason]
        if served.because:
            found.because[line, place] = served.because[0]
        if served.days:
            found.days[line, place] = served.days


def _none(lines: int, n: int) -> Reasoned:
    return Reasoned(
        np.full((lines, n), -1, np.int32),
        np.zeros((lines, n), np.int8),
        np.full((lines, n), -1, np.int32),
        np.full((lines, n, 2), -1, np.int32),
    )


def _led_by(item: int, rest: Pool, slot: Slot) -> Pool:
    """The item and what goes with it for this customer."""
    source = slot.names.index("similar" if "similar" in slot.names else Slot.LAST_RESORT)
    top = rest.scores.max(initial=1.0)
    return Pool(
        np.append(np.int32(item), rest.rows).astype(np.int32),
        np.append(top, rest.scores),
        np.append(np.int64(source), rest.sources),
    )


def said(found: Reasoned, titles: Callable[[int], str], language: Language) -> NDArray[np.object_]:
    """(n_customers, n) the reasons in words; each that is different is written once."""
    told = np.dstack([found.reasons, found.because, found.days]).reshape(-1, 4)
    different, place = _different(told.astype(np.int64))
    texts = np.empty(len(different), object)
    for i, (reason, named, every, ago) in enumerate(different.tolist()):
        days = (every, ago) if every >= 0 else None
        texts[i] = say(REASONS[reason], [titles(named)] if named >= 0 else [], language, days)
    return np.where(found.rows >= 0, texts[place.reshape(found.rows.shape)], "")


def _different(lines: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The different ones of (n, columns) numbers, and the place of each line.

    Each line as one number of mixed radix: sorting lines as such takes twenty times as long.
    Raises ValueError where 64 bits are too few for it.
    """
    kinds, codes = zip(*(np.unique(c, return_inverse=True) for c in lines.T), strict=True)
    sizes = tuple(max(len(kind), 1) for kind in kinds)
    different, place = np.unique(np.ravel_multi_index(codes, sizes), return_inverse=True)
    found = np.unravel_index(different, sizes)
    return np.column_stack([k[c] for k, c in zip(kinds, found, strict=True)]), place
