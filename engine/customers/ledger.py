"""The points ledger (P1, P2, P7): append-only lines, the same for any order of the same events.

Two numbers run along it. The *standing* is what was earned in this round and decides the tier;
the *balance* is what may be spent. When the highest tier is reached the balance starts again and
the tier is kept. A refund takes back exactly what its order gave, also over a new start; the tier
falls with the standing, and a voucher that was granted is never granted again.

Where a new start leaves nothing over (`zero`), what it closed is a *round*, and a refund is taken
from the round of its order: what was bought later stays. A round that reaches the highest tier no
more joins the next.
"""

from typing import Literal, NamedTuple

from engine.customers.facts import History, Orders, Referred, Refund
from engine.customers.loyalty import Ladder, rank_at
from engine.customers.referrals import rewarding
from engine.customers.remembered import LONG, remembered

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


class Standing(NamedTuple):
    """Where the ledger ends."""

    balance: int = 0  # parts
    points: int = 0  # whole points that may be spent
    tier_rank: int = 0  # 0 = none
    granted: int = 0  # vouchers were granted for the tiers up to this rank


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
        Earning(fact.at, 1 if fact.amount_minor > 0 else 2, fact.order_key, parts, 0)
        for fact in rewarding(history.referred)
        for parts in (fact.amount_minor * ladder.referred,)
    ]
    return sorted(found)


def _refund(refund: Refund, placed: dict[int, int], own: int) -> Earning:
    at = max(refund.at, placed.get(refund.order_key, refund.at))
    return Earning(at, 2, refund.order_key, -refund.amount_minor * own, 0)


class _Round:
    """What new starts took: as many of them as took alike, in one line."""

    __slots__ = ("balance", "joined", "standing", "times")

    def __init__(self, times: int = 0, standing: int = 0, balance: int = 0) -> None:
        self.times = times  # 0: it goes on
        self.standing = standing  # that each took
        self.balance = balance
        self.joined: _Round | None = None  # it is a part of this one by now

    def last(self) -> "_Round":
        found = self
        while found.joined is not None:
            found = found.joined
        return found


class _Run:
    """The ledger being written; `lines` is None where only its end is asked for."""

    __slots__ = ("balance", "closed", "granted", "ladder", "lines", "now", "placed", "standing")

    def __init__(self, ladder: Ladder, lines: list[Line] | None) -> None:
        self.ladder = ladder
        self.lines = lines
        self.standing = 0
        self.balance = 0
        self.closed: list[_Round] = []  # the last one is undone first
        self.now = _Round()
        self.placed: dict[int, _Round] = {}  # by order
        self.granted = 0  # the highest tier whose voucher was granted

    @property
    def rank(self) -> int:
        return len(self.ladder.steps) if self.closed else rank_at(self.standing, self.ladder.steps)

    def write(self, earning: Earning, cause: Cause, parts: int, voucher: int = 0) -> None:
        self.balance += parts
        if self.lines is not None:
            key = self.granted if cause == "voucher" else earning.key
            line = Line(earning.at, cause, key, parts, voucher, self.balance, self.rank)
            self.lines.append(line)

    def take(self, earning: Earning) -> None:
        if CAUSES[earning.cause] != "refund":
            self.placed[earning.key] = self.now
        elif (its := self.placed.get(earning.key, self.now).last()) is not self.now:
            self.take_from(its, earning)
            return
        self.standing += earning.parts
        self.undo_resets(earning)
        forgiven = max(-self.standing, 0)  # a refund of what was never earned takes nothing
        self.standing += forgiven
        self.write(earning, CAUSES[earning.cause], earning.parts + forgiven)
        if earning.spent:
            self.write(earning, "spent", -earning.spent)
        self.grant(earning)
        self.start_again(earning)

    def undo_resets(self, earning: Earning) -> None:
        while self.standing < 0 and self.closed:
            last = self.closed[-1]
            times = min(last.times, -(self.standing // last.standing))  # as many as it takes
            last.times -= times
            if not last.times:
                self.closed.pop().joined = self.now
            self.standing += times * last.standing
            self.write(earning, "reset_undone", times * last.balance)

    def take_from(self, its: _Round, refund: Earning) -> None:
        """What it took of the balance comes back as far as the refund takes it, or it is open."""
        taken = min(-refund.parts, its.standing)
        back = min(taken, its.balance)
        its.standing -= taken
        its.balance -= back
        if its.standing < self.ladder.steps[-1]:
            back += self.open(its)
        if back:
            self.write(refund, "reset_undone", back)
        self.write(refund, "refund", -taken)
        self.start_again(refund)

    def open(self, its: _Round) -> int:
        """It joins the next one. Gives what comes back to the balance."""
        place = self.closed.index(its)
        del self.closed[place]
        if place == len(self.closed):
            its.joined = self.now
            self.standing += its.standing
            return its.balance
        its.joined = self.closed[place]
        its.joined.standing += its.standing
        its.joined.balance += its.balance
        return 0

    def grant(self, earning: Earning) -> None:
        for tier in self.ladder.tiers[self.granted : rank_at(self.standing, self.ladder.steps)]:
            self.granted = tier.rank
            self.write(earning, "voucher", 0, tier.voucher_minor)

    def start_again(self, earning: Earning) -> None:
        steps, reset = self.ladder.steps, self.ladder.reset
        if not steps or self.standing < steps[-1] or reset == "never":
            return
        standing = steps[-1] if reset == "carry" else self.standing
        for each in _closed(self.standing // standing, standing, max(self.balance, 0)):
            self.closed.append(each)
            self.standing -= each.times * standing
            self.write(earning, "reset", -each.times * each.balance)
            if reset == "zero":
                self.now.joined, self.now = each, _Round()


def _closed(times: int, standing: int, balance: int) -> list[_Round]:
    """So many new starts, each of which takes of the balance what it takes of the standing.

    The balance is less where points were spent: then one takes what is left, and the rest nothing.
    """
    full = min(times, balance // standing)
    found = [_Round(full, standing, standing)] if full else []
    if full < times:
        found.append(_Round(1, standing, balance - full * standing))
    if full + 1 < times:
        found.append(_Round(times - full - 1, standing, 0))
    return found


def ledger(history: History, ladder: Ladder) -> tuple[Line, ...]:
    """Every line since the first order, oldest first; the last one holds the balance."""
    lines: list[Line] = []
    run = _Run(ladder, lines)
    for earning in earnings_of(history, ladder):
        run.take(earning)
    return tuple(lines)


def standing_of(history: History, ladder: Ladder) -> Standing:
    """Where `ledger` ends: two sums as long as nothing came back, and nothing began again."""
    orders = history.orders
    if not history.refunds and not history.referred:
        earned = sum(orders.gross_minor) * ladder.own
        if not ladder.steps or earned < ladder.steps[-1] or ladder.reset == "never":
            spent = sum(orders.points) * ladder.point
            return _standing(earned - spent, rank_at(earned, ladder.steps), ladder)
    end = _remembered if len(orders.at) + len(history.referred) >= LONG else _end
    return end(orders, history.refunds, history.referred, ladder)


def _end(
    orders: Orders, refunds: tuple[Refund, ...], referred: tuple[Referred, ...], ladder: Ladder
) -> Standing:
    run = _Run(ladder, None)
    history = History(orders=orders, refunds=refunds, referred=referred)
    for earning in earnings_of(history, ladder):
        run.take(earning)
    return _standing(run.balance, run.rank, ladder)._replace(granted=run.granted)


_remembered = remembered(_end)


def _standing(balance: int, rank: int, ladder: Ladder) -> Standing:
    return Standing(balance, balance // ladder.point, rank, rank)
