"""Lists of whom to write to, with what, when and where (A1, A2): EDM, SMS, push."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.customers.contact import Answers
from engine.customers.facts import key_of
from engine.customers.outreach import OutreachConfig, under_cap
from engine.reasons import Language
from engine.slots import SlotPlan
from engine.types import DAY_MS, Mask, Rows
from training.audience_table import Lines, table_of
from training.list_files import ListWriter
from training.reach import everybodys_answers, preferences
from training.reasoned import Offer, Reasoned, reasoned
from training.sent import NOTHING, Ledger, Message, Past

BLOCK: Final = 5_000  # customers at a time: bounds memory, paces progress; guess
PARTS: Final = 2**32


@dataclass(frozen=True, slots=True)
class Plan:
    """How a list is made; who is on it is decided before."""

    name: str  # of the campaign: what a second wave and the holdout refer to
    offer: Offer
    slot: SlotPlan
    config: OutreachConfig
    language: Language
    holdout: float = 0.0  # share of the customers who get nothing, to compare with
    salt: bytes | None = None  # of hashed ids
    processes: int = 2


@dataclass(slots=True)
class Tally:
    """What became of the customers who were chosen."""

    chosen: int
    held_out: int = 0
    capped: int = 0
    without_items: int = 0
    written: int = 0

    def add(self, free: Mask, held: Mask, filled: Mask) -> None:
        self.capped += int((~free).sum())
        self.held_out += int(held.sum())
        self.without_items += int((~filled).sum())
        self.written += int(filled.sum())


@dataclass(frozen=True, slots=True)
class Chosen:
    """Customers in the order of the list."""

    rows: Rows
    tier_ranks: NDArray[np.int64]  # 0 = none

    def take(self, places: NDArray[np.intp] | slice) -> "Chosen":
        return Chosen(self.rows[places], self.tier_ranks[places])


def held_out(customer_ids: list[str], campaign: str, share: float) -> Mask:
    """By a hash of campaign and id: the same customers in every run, others in another campaign."""
    limit = round(share * PARTS)
    return np.array(
        [key_of(f"{campaign}\x1f{each}") % PARTS < limit for each in customer_ids], bool
    )


def hashed(customer_ids: list[str], salt: bytes) -> list[str]:
    """HMAC-SHA256 in hex: equal for equal ids, and nothing can be read from it without the salt."""
    return [hmac.digest(salt, each.encode(), "sha256").hex() for each in customer_ids]


def write_audience(
    chosen: Chosen,
    bundle: Bundle,
    plan: Plan,
    ledger: Ledger,
    out: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> Tally:
    """The file is whole and in the ledger, or neither; see `training.sent`."""
    maker = _Maker(bundle, plan, ledger, everybodys_answers(bundle, plan.offer.channel))
    tally = Tally(len(chosen.rows))
    with ledger.sending(plan.name, out, plan.offer.now) as sending:
        with ListWriter(sending.part, out.suffix) as file:
            for block in _blocks(chosen):
                table, messages = maker.block(block, tally)
                file.write(table)
                sending.add(messages)
                progress(len(block.rows))
        sending.done()
    return tally


def _blocks(chosen: Chosen) -> Iterator[Chosen]:
    """One at least, so that a list of nobody has its columns too."""
    for start in range(0, max(len(chosen.rows), 1), BLOCK):
        yield chosen.take(slice(start, start + BLOCK))


@dataclass(frozen=True, slots=True)
class _Maker:
    bundle: Bundle
    plan: Plan
    ledger: Ledger
    everybody: Answers

    def block(self, block: Chosen, tally: Tally) -> tuple[pl.DataFrame, list[Message]]:
        plan, bundle = self.plan, self.bundle
        ids = bundle.customers.ids(block.rows.tolist())
        past = self.past(ids)
        free = np.array([under_cap(each.at, plan.config, plan.offer.now) for each in past], bool)
        held = held_out(ids, plan.name, plan.holdout) & free
        to = np.flatnonzero(free & ~held)
        sent = [self.rows_of(past[place].items) for place in to.tolist()]
        rows = block.rows[to]
        found = reasoned(rows, sent, plan.slot, bundle, plan.offer, processes=plan.processes)
        filled = found.rows[:, 0] >= 0
        found, to = found.take(filled), to[filled]
        tally.add(free, held, filled)
        names = [ids[place] for place in to.tolist()]
        lines = Lines(
            names if plan.salt is None else hashed(names, plan.salt),
            preferences(block.rows[to], bundle, plan.offer.channel, self.everybody, plan.offer.now),
            block.tier_ranks[to],
            found,
            plan.offer.channel,
        )
        return table_of(lines, bundle, plan.language), self.messages(ids, names, found, held)

    def past(self, ids: list[str]) -> list[Past]:
        config, now = self.plan.config, self.plan.offer.now
        found = self.ledger.past(ids, now - config.days * DAY_MS, now - config.repeat_days * DAY_MS)
        return [found.get(each, NOTHING) for each in ids]

    def rows_of(self, items: frozenset[str]) -> Rows:
        """Of those that the bundle knows."""
        rows = self.bundle.items.rows(sorted(items))
        return rows[rows >= 0]

    def messages(
        self, ids: list[str], names: list[str], found: Reasoned, held: Mask
    ) -> list[Message]:
        items = self.bundle.items
        sent = [
            Message(name, items.ids([row for row in rows if row >= 0]))
            for name, rows in zip(names, found.rows.tolist(), strict=True)
        ]
        return sent + [Message(ids[place], held=True) for place in np.flatnonzero(held).tolist()]
