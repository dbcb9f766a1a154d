"""Slates with their reasons for many customers: `training.slates` for what a message says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.sharedctypes import RawArray
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.explain import explain
from engine.query import Asked, Query, enrich_at_training
from engine.ranking import Pool
from engine.reasons import TEXTS, Language, say
from engine.recommend import choose
from engine.slot_rules import filter_rows
from engine.slots import Slot, SlotPlan
from engine.types import Mask, Rows
from training.slates import in_processes

REASONS: Final = tuple(TEXTS)


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

    def take(self, lines: Mask) -> "Reasoned":
        return Reasoned(self.rows[lines], self.reasons[lines], self.because[lines])


def reasoned(
    customers: Rows,
    sent: Sequence[Rows],
    plan: SlotPlan,
    bundle: Bundle,
    offer: Offer,
    *,
    processes: int,
) -> Reasoned:
    """`sent[i]` are items that customer i was sent lately: they are left out."""
    shape = (len(customers), offer.n)
    found = Reasoned(
        np.frombuffer(RawArray("i", shape[0] * shape[1]), np.int32).reshape(shape),
        np.frombuffer(RawArray("b", shape[0] * shape[1]), np.int8).reshape(shape),
        np.frombuffer(RawArray("i", shape[0] * shape[1]), np.int32).reshape(shape),
    )
    found.rows[:], found.because[:] = -1, -1
    in_processes(len(customers), _filler(customers, sent, plan, bundle, (offer, found)), processes)
    return found


def _filler(
    customers: Rows,
    sent: Sequence[Rows],
    plan: SlotPlan,
    bundle: Bundle,
    about: tuple[Offer, Reasoned],
) -> Callable[[int], None]:
    offer, found = about
    places = {code: place for place, code in enumerate(REASONS)}

    def fill(line: int) -> None:
        customer_id = bundle.customers.id(int(customers[line]))
        asked = Asked(n=offer.n, customer_id=customer_id, channel=offer.channel)
        query = enrich_at_training(asked, bundle, offer.now)
        barred = sent[line] if offer.outside is None else np.append(sent[line], offer.outside)
        query = replace(query, exclude=barred)
        slot = plan.slot_for(query)
        pool = (
            choose(query, slot, bundle) if offer.item < 0 else _led_by(offer, query, slot, bundle)
        )
        for place, served in enumerate(explain(pool, query, slot, bundle).items):
            found.rows[line, place] = served.row
            found.reasons[line, place] = places[served.reason]
            found.because[line, place] = served.because[0] if served.because else -1

    return fill


def _led_by(offer: Offer, query: Query, slot: Slot, bundle: Bundle) -> Pool:
    """The item and what goes with it for this customer; nothing where it may not be shown."""
    row = np.array([offer.item], np.int32)
    if not filter_rows(row, query, slot, bundle).all():
        return Pool(np.empty(0, np.int32), np.empty(0), np.empty(0, np.int64))
    rest = choose(
        replace(query, n=offer.n - 1, exclude=np.append(query.exclude, row)), slot, bundle
    )
    source = slot.names.index("similar" if "similar" in slot.names else Slot.LAST_RESORT)
    top = rest.scores.max(initial=1.0)
    return Pool(
        np.append(row, rest.rows).astype(np.int32),
        np.append(top, rest.scores),
        np.append(np.int64(source), rest.sources),
    )


def said(found: Reasoned, titles: Callable[[int], str], language: Language) -> NDArray[np.object_]:
    """(n_customers, n) the reasons in words; each that is different is written once."""
    pairs = found.reasons.astype(np.int64) << 32 | (found.because.astype(np.int64) + 1)
    different, place = np.unique(pairs, return_inverse=True)
    texts = np.empty(len(different), object)
    for i, pair in enumerate(different.tolist()):
        named = (pair & 0xFFFFFFFF) - 1
        texts[i] = say(REASONS[pair >> 32], [titles(named)] if named >= 0 else [], language)
    return np.where(found.rows >= 0, texts[place.reshape(found.rows.shape)], "")
