"""The points ledger (P1, P2, P7): append-only lines, the same for any order of the same events.

Two numbers run along it. The *standing* is what was earned in this round and decides the tier;
the *balance* is what may be spent. When the highest tier is reached the balance starts again and
the tier is kept. A refund takes back exactly what its order gave, also over a new start; the tier
falls with the standing, and a voucher that was granted is never granted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from engine.customers.facts import History, Refund
from engine.customers.loyalty import Ladder, rank_at

Cause = Literal["purchase", "referred", "spent", "refund", "reset", "reset_undone", "voucher"]


class Earning(NamedTuple):
    """A fact that moves the ledger; they are taken in this order."""

    at: int
    cause: int  # 0 purchase, 1 referred, 2 refund: what gives comes before what takes
    key: int
    parts: int
    spent: int  # parts paid with


class Line(NamedTuple):
    """One line of the ledger, in parts of a point; goods are vouchers, in minor units."""

    at: int
    cause: Cause
    key: int  # of the order; the tier's rank for a voucher
    parts: int
    voucher_minor: int
    balance: int  # after this line
    tier_rank: int  # after this line


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the ledger ends."""

    balance: int = 0  # parts
    points: int = 0  # whole points that may be spent
    tier_rank: int = 0
    vouchers: tuple[int, ...] = ()  # ranks of the tiers whose voucher was granted, ascending


CAUSES: tuple[Cause, ...] = ("purchase", "referred", "refund")


def earnings_of(history: History, ladder: Ladder) -> list[Earning]:
    """In the ledger's order. A refund never comes before its order."""
    orders, own, point = history.orders, ladder.own, ladder.point
    found = [
        Earning(at, 0, key, gross * own, points * point)
        for at, key, gross, points in zip(
            orders.at, orders.key, orders.gross_minor, orders.points, strict=True
        )
    ]
    if not history.refunds and not history.referred:
        return found
    placed = dict(zip(orders.key, orders.at, strict=True))
    found += [_refund(refund, placed, own) for refund in history.refunds]
    found += [
        Earning(fact.at, 1 if fact.amount_minor >= 0 else 2, fact.order_key, parts, 0)
        for fact in history.referred
        for parts in (fact.amount_minor * ladder.referred,)
    ]
    return sorted(found)


def _refund(refund: Refund, placed: dict[int, int], own: int) -> Earning:
    at = max(refund.at, placed.get(refund.order_key, refund.at))
    return Earning(at, 2, refund.order_key, -refund.amount_minor * own, 0)


@dataclass(slots=True)
class _Run:
    """The ledger being written."""

    ladder: Ladder
    standing: int = 0
    balance: int = 0
    resets: list[tuple[int, int]] = field(default_factory=list)  # what each took of the two
    granted: set[int] = field(default_factory=set)

    @property
    def rank(self) -> int:
        return len(self.ladder.steps) if self.resets else rank_at(self.standing, self.ladder.steps)

    def line(self, earning: Earning, cause: Cause, parts: int = 0, voucher: int = 0) -> Line:
        self.balance += parts
        return Line(earning.at, cause, earning.key, parts, voucher, self.balance, self.rank)

    def take(self, earning: Earning) -> Iterator[Line]:
        self.standing += earning.parts
        yield from self._undo_resets(earning)
        taken = max(-self.standing, 0) if earning.parts < 0 else 0
        self.standing += taken  # a refund of what was never earned takes nothing
        yield self.line(earning, CAUSES[earning.cause], earning.parts + taken)
        if earning.spent:
            yield self.line(earning, "spent", -earning.spent)
        yield from self._climb(earning)

    def _undo_resets(self, earning: Earning) -> Iterator[Line]:
        while self.standing < 0 and self.resets:
            standing, balance = self.resets.pop()
            self.standing += standing
            yield self.line(earning, "reset_undone", balance)

    def _climb(self, earning: Earning) -> Iterator[Line]:
        steps = self.ladder.steps
        yield from self._grant(earning, rank_at(self.standing, steps))
        while steps and self.standing >= steps[-1] and self.ladder.reset != "never":
            carry = self.ladder.reset == "carry"
            standing = steps[-1] if carry else self.standing
            balance = min(standing, max(self.balance, 0))
            self.resets.append((standing, balance))
            self.standing -= standing
            yield self.line(earning, "reset", -balance)

    def _grant(self, earning: Earning, reached: int) -> Iterator[Line]:
        for tier in self.ladder.tiers[:reached]:
            if tier.rank not in self.granted:
                self.granted.add(tier.rank)
                named = earning._replace(key=tier.rank)
                yield self.line(named, "voucher", voucher=tier.voucher_minor)


def ledger(history: History, ladder: Ladder) -> tuple[Line, ...]:
    """Every line since the first order, oldest first; the last one holds the balance."""
    run = _Run(ladder)
    return tuple(line for earning in earnings_of(history, ladder) for line in run.take(earning))


def standing_of(history: History, ladder: Ladder) -> Standing:
    """The end of `ledger`, at a fraction of its cost while no tier is near."""
    earnings = earnings_of(history, ladder)
    if not earnings:
        return NOTHING_EARNED
    run = _Run(ladder)
    for earning in _after_quiet_start(earnings, run):
        for _ in run.take(earning):
            pass
    return Standing(run.balance, run.balance // ladder.point, run.rank, tuple(sorted(run.granted)))


def _after_quiet_start(earnings: list[Earning], run: _Run) -> list[Earning]:
    """Add up what comes before the first refund or tier: nothing else can happen there."""
    first = run.ladder.steps[0] if run.ladder.steps else None
    for count, earning in enumerate(earnings):
        standing = run.standing + earning.parts
        if earning.parts < 0 or (first is not None and standing >= first):
            return earnings[count:]
        run.standing = standing
        run.balance += earning.parts - earning.spent
    return []


NOTHING_EARNED = Standing()
