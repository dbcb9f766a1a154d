"""Lists of whom to write to, with what, when and where (A1, A2): EDM, SMS, push."""

import hmac
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
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
from training.crew import growing, in_order, spans
from training.list_files import ListWriter
from training.reach import everybodys_answers, preferences
from training.reasoned import Offer, Reasoned, reasoned
from training.sent import NOTHING, Ledger, Message, Past, Subject
from training.texts import ItemTexts, gathered, item_texts

PARTS: Final = 2**32


@dataclass(frozen=True, slots=True)
class Plan:
    """How a list is made; who is on it is decided before."""

    name: str  # of the campaign: one message each; what a second wave and the holdout refer to
    offer: Offer
    slot: SlotPlan
    config: OutreachConfig
    language: Language
    holdout: float = 0.0  # share of the customers who get nothing, to compare with
    size: int | None = None  # no more are written, the first of the order; None: as many as may be
    salt: bytes | None = None  # of hashed ids
    again: bool = False  # who was sent a list of this name may be sent it once more
    processes: int = 2
    sent_at: int | None = None  # counted from in the ledger; None: the instant of the offer
    about: str = ""  # "item:tea"; lists about one thing may have several names
    once_since: int | None = None  # who was sent any list about it since then is left out

    @property
    def now(self) -> int:
        """The moment of sending."""
        return self.offer.now if self.sent_at is None else self.sent_at

    @property
    def subject(self) -> Subject | None:
        return None if self.once_since is None else Subject(self.about, self.once_since)


@dataclass(slots=True)
class Tally:
    """What became of the customers who were chosen: who was gone through till the list was full.

    `chosen` is the sum of all others but `held_before`.
    """

    chosen: int = 0
    held_out: int = 0
    capped: int = 0
    without_items: int = 0
    written: int = 0
    sent_before: int = 0  # a list of this name, lately, or of its subject; not counted as capped
    held_before: int = 0  # of those held out: by an earlier list of this name or subject

    def add(self, asked: "_Asked", filled: Mask) -> None:
        self.chosen += len(asked.ids)
        self.sent_before += int(asked.sent_before.sum())
        self.capped += int((~asked.free & ~asked.sent_before).sum())
        self.held_out += int(asked.held.sum())
        self.held_before += int(asked.held_before.sum())
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
    everybody = everybodys_answers(bundle, plan.offer.channel)
    maker = _Maker(bundle, plan, ledger, everybody, item_texts(bundle))
    tally = Tally()
    with ledger.sending(plan.name, out, plan.now, plan.about) as sending:
        with (
            ListWriter(sending.part, out.suffix) as file,
            closing(maker.filled(chosen)) as blocks,
        ):
            for asked, found in blocks:
                table, messages = maker.written(*maker.fitting(asked, found, tally), tally)
                file.write(table)
                sending.add(messages)
                progress(len(asked.ids) if plan.size is None else table.height)
                if tally.written == plan.size:
                    break
        sending.done()
    return tally


@dataclass(frozen=True, slots=True)
class _Asked:
    """Some customers, and who of them is written to."""

    chosen: Chosen
    ids: list[str]
    free: Mask  # under the cap, and not sent before
    held: Mask  # free, and in the holdout
    sent_before: Mask
    held_before: Mask  # free, and in the holdout of an earlier list
    to: NDArray[np.intp]  # places of the others
    sent: dict[int, Rows]  # place in `to` → items that they were sent lately

    @property
    def rows(self) -> Rows:
        return self.chosen.rows[self.to]

    def first(self, places: int) -> "_Asked":
        to = self.to[self.to < places]
        return _Asked(
            self.chosen.take(slice(places)),
            self.ids[:places],
            self.free[:places],
            self.held[:places],
            self.sent_before[:places],
            self.held_before[:places],
            to,
            {line: rows for line, rows in self.sent.items() if line < len(to)},
        )


@dataclass(frozen=True, slots=True)
class _Maker:
    bundle: Bundle
    plan: Plan
    ledger: Ledger
    everybody: Answers
    texts: ItemTexts

    def blocks(self, lines: int) -> Iterable[slice]:
        size, processes = self.plan.size, self.plan.processes
        if size is None or size >= lines:
            return spans(lines, processes)
        return growing(lines, -(-size // processes))

    def filled(self, chosen: Chosen) -> Generator[tuple[_Asked, Reasoned], None, None]:
        """Slates of all, block by block; the ledger is asked no further than is worked on."""
        waiting: deque[_Asked] = deque()

        def coming() -> Iterator[tuple[Rows, dict[int, Rows]]]:
            for span in self.blocks(len(chosen.rows)):
                asked = self.asked(chosen.take(span))
                waiting.append(asked)
                yield asked.rows, asked.sent

        for found in in_order(self.fill, coming(), self.plan.processes):
            yield waiting.popleft(), found

    def fill(self, task: tuple[Rows, dict[int, Rows]]) -> Reasoned:
        return reasoned(*task, self.plan.slot, self.bundle, self.plan.offer)

    def asked(self, chosen: Chosen) -> _Asked:
        plan = self.plan
        ids = self.bundle.customers.ids(chosen.rows.tolist())
        past = self.past(ids)
        since = plan.now - plan.config.list_ms
        known = self.ledger.known(plan.name, ids, since, plan.subject)
        again = np.array([each in known.sent and not plan.again for each in ids], bool)
        free = np.array([under_cap(each.at, plan.config, plan.now) for each in past], bool)
        free &= ~again
        before = np.array([each in known.held for each in ids], bool) & free
        held = (held_out(ids, plan.name, plan.holdout) & free) | before
        to = np.flatnonzero(free & ~held)
        sent = {
            line: self.rows_of(past[place].items)
            for line, place in enumerate(to.tolist())
            if past[place].items
        }
        return _Asked(chosen, ids, free, held, again, before, to, sent)

    def fitting(self, asked: _Asked, found: Reasoned, tally: Tally) -> tuple[_Asked, Reasoned]:
        """Of a block, those up to whom the list is full; the others were not chosen."""
        filled = np.flatnonzero(found.rows[:, 0] >= 0)
        if self.plan.size is None or tally.written + len(filled) < self.plan.size:
            return asked, found
        last = int(filled[self.plan.size - tally.written - 1])
        return asked.first(int(asked.to[last]) + 1), found.take(slice(last + 1))

    def written(
        self, asked: _Asked, found: Reasoned, tally: Tally
    ) -> tuple[pl.DataFrame, list[Message]]:
        plan, bundle = self.plan, self.bundle
        filled = found.rows[:, 0] >= 0
        found, to = found.take(filled), asked.to[filled]
        tally.add(asked, filled)
        names = [asked.ids[place] for place in to.tolist()]
        written = asked.chosen.take(to)
        lines = Lines(
            names if plan.salt is None else hashed(names, plan.salt),
            preferences(written.rows, bundle, plan.offer.channel, self.everybody, plan.now),
            written.tier_ranks,
            found,
            plan.offer.channel,
        )
        messages = self.messages(asked.ids, names, found, asked.held)
        return table_of(lines, self.texts, bundle, plan.language), messages

    def past(self, ids: list[str]) -> list[Past]:
        config, now = self.plan.config, self.plan.now
        found = self.ledger.past(ids, now - config.days * DAY_MS, now - config.repeat_days * DAY_MS)
        return [found.get(each, NOTHING) for each in ids]

    def rows_of(self, items: frozenset[str]) -> Rows:
        """Of those that the bundle knows."""
        rows = self.bundle.items.rows(sorted(items))
        return rows[rows >= 0]

    def messages(
        self, ids: list[str], names: list[str], found: Reasoned, held: Mask
    ) -> list[Message]:
        items = gathered(self.texts.ids, found.rows.ravel()).to_list()
        n = found.rows.shape[1]
        sizes = (found.rows >= 0).sum(axis=1).tolist()
        sent = [
            Message(name, items[line * n : line * n + size])
            for line, (name, size) in enumerate(zip(names, sizes, strict=True))
        ]
        return sent + [Message(ids[place], held=True) for place in np.flatnonzero(held).tolist()]
