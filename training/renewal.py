"""Learns what `engine.customers.renewal` asks: who comes, what they buy again, and when (C1, C3).

Learned twice: from what lies before the last `horizon_days`, so that the hazard can be counted in
them, and from the whole log, for what is served.
"""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.catalogue import Catalogue
from engine.customers.renewal import (
    Renewal,
    Repurchase,
    cells_of,
    expected,
    unlearned,
)
from engine.customers.repurchase import Cycles, RepurchaseConfig, lasting, progress
from engine.errors import LogError
from engine.events import EventType
from engine.ids import IdMap
from engine.interactions import InteractionConfig
from engine.types import DAY_MS, Instants, Mask
from training.cycles import shops_word
from training.interactions import Interactions, read_interactions
from training.models.lifetime_value import (
    DAYS_A_WEEK,
    LifetimeValueConfig,
    fit_purchases,
    recurrence_of,
)
from training.order_days import DAYS
from training.past import HALF, SURE, Past, durables, past_of, shares_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FOR_GOOD: Final = 36_500  # days that a durable lasts: a century, longer than any log
STEPS: Final = 30  # the factors then move by less than a thousandth
EARLY: Final = 0.5  # of a cycle; what is bought before its half is bought early
SPEAKS: Final = 0.5  # guess; an item has a cycle if it is bought early less than half as readily
HAZARD_PRIOR: Final = 20  # guess; purchases that the factor of what is above is worth
BOUGHT: Final = (str(EventType.PURCHASE), str(EventType.REFUND))


def renewal(
    log: pl.LazyFrame,
    interactions: InteractionConfig,
    data: Interactions,
    catalogue: Catalogue,
    cycles: Cycles,
    config: RepurchaseConfig,
) -> Repurchase:
    """From the purchases of a log of `data`'s items; `unlearned` where too few came back in it.

    `cycles` with durables last for good, unless the shop itself gave them days.
    """
    groups = len(catalogue.categories) + 1
    group = np.where(catalogue.category < 0, groups - 1, catalogue.category).astype(np.int32)
    start = unlearned(group, groups, config)
    bought = log.filter(pl.col("type").is_in(BOUGHT) & pl.col("customer_id").is_not_null())
    cut = data.watermark + 1 - config.horizon_days * DAY_MS
    said = ~np.isnan(shops_word(data.item_ids, catalogue, config))
    try:
        whole = read_interactions(bought, interactions, extra_items=data.item_ids)
        early = read_interactions(bought, interactions, extra_items=data.item_ids, until=cut)
        past, latest = past_of(early, cut), past_of(whole, data.watermark + 1)
        once = durables(latest, start, config) & ~said
        known = Repurchase(_for_good(cycles, once), _timed(start, past), config)
        counted = _counted(past, _bought_next(whole, early, past, cut), known)
        made = _timed(counted, latest)
    except LogError:
        return Repurchase(cycles, start, config)
    return known._replace(renewal=replace(made, cyclic=made.cyclic | said | once))


def _for_good(cycles: Cycles, once: Mask) -> Cycles:
    """Per unit, as the shop's word: a hundred cups at once are not used up a hundred times."""
    days = np.where(once, np.float32(FOR_GOOD), cycles.days)
    return Cycles(days, cycles.per_unit | once)


def _bought_next(whole: Interactions, early: Interactions, past: Past, cut: int) -> Instants:
    """When the customer of each pair of `past` bought the item first from `cut` on; 0 = not."""
    later = np.flatnonzero((whole.events.baskets >= 0) & (whole.events.at >= cut))
    keys = whole.events.rows[later].astype(np.int64) * whole.n_items + whole.events.items[later]
    bought, first = np.unique(keys, return_index=True)  # the events of a customer are by time
    rows = IdMap.build(whole.customer_ids).rows(early.customer_ids).astype(np.int64)
    wanted = rows[past.owners] * whole.n_items + past.pairs.rows
    place = np.minimum(bought.searchsorted(wanted), len(bought) - 1)
    if not len(bought):
        return np.zeros(len(wanted), np.int64)
    return np.where(bought[place] == wanted, whole.events.at[later[first[place]]], 0)


def _timed(renewal: Renewal, past: Past) -> Renewal:
    """With who comes how often, and each item's share. Raises LogError where too few came back."""
    data = recurrence_of(
        past.days // DAYS, past.days % DAYS, np.ones(len(past.days)), past.now // DAY_MS
    )
    timing = fit_purchases(data, LifetimeValueConfig())
    return replace(
        renewal,
        timing=np.array([timing.r, timing.alpha * DAYS_A_WEEK, timing.a, timing.b]),
        shares=shares_of(past, renewal).astype(np.float32),
    )


def _counted(past: Past, next_at: Instants, known: Repurchase) -> Renewal:
    """With the hazard: of each class the factor by which as many are expected as were bought.

    The shop's own comes first, its classes are drawn to it, and a category's to these.
    """
    found, config = known.renewal, known.config
    mu = expected(past.pairs, past.visits, found, config.horizon_days)
    days, counted = lasting(past.pairs, known.cycles, config), (mu, next_at > 0)
    cells = cells_of(past.pairs.rows, progress(past.pairs, days, past.now), found)
    groups, classes = found.hazard.shape
    level = _factors(np.zeros_like(cells), counted, np.ones(1))
    shop = _factors(cells % classes, counted, np.repeat(level, classes))
    hazard = _factors(cells, counted, np.tile(shop, groups)).reshape(groups, classes)
    risk = _Risk(past, mu / config.horizon_days, days, next_at)
    cyclic = _has_cycle(risk, cells // classes, groups, config)
    return replace(found, hazard=hazard.astype(np.float32), cyclic=cyclic[found.group])


class _Risk(NamedTuple):
    """Pairs while they may be bought again: from `past.now` until they are, or until the end."""

    past: Past
    rate: Floats  # expected purchases a day
    days: Floats  # that what was bought last lasts
    next_at: Instants

    def between(self, low: float, high: float, horizon: int) -> tuple[Floats, Floats]:
        """(n,) bought in this part of the cycle (0 or 1), and what its days would have expected."""
        end = np.where(self.next_at > 0, self.next_at, self.past.now + horizon * DAY_MS)
        last, cycle = self.past.pairs.last_bought_at, self.days * DAY_MS
        since, until = (self.past.now - last) / cycle, (end - last) / cycle
        inside = np.clip(until, low, high) - np.clip(since, low, high)
        bought = (self.next_at > 0) & (until >= low) & (until < high)
        return bought.astype(np.float64), inside * self.days * self.rate


def _has_cycle(
    risk: _Risk, group: Integers, groups: int, config: RepurchaseConfig
) -> NDArray[np.bool_]:
    """(n_groups,) whether goods are bought again around the end of their cycle, or at any time.

    Counted by the days at risk, as a life table does, so that the horizon does not blur it. A group
    with too few purchases, or whose rates may lie on either side of `SPEAKS` by chance, takes the
    shop's verdict, and the shop has cycles then: so chance seldom changes a verdict overnight.
    """
    parts = [
        risk.between(low, high, config.horizon_days)
        for low, high in ((0.0, EARLY), (config.due_from, config.due_until))
    ]

    def said(of: Integers, size: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Surely has a cycle; surely has none. The log of a Poisson count varies by 1 / count."""
        (early, at_risk_early), (late, at_risk_late) = (
            (np.bincount(of, bought, size), np.bincount(of, days, size)) for bought, days in parts
        )
        enough = early + late >= config.window_purchases
        first = (early + HALF) / (at_risk_early + HALF)
        last = (late + HALF) / (at_risk_late + HALF)
        ratio = np.log(first / last / SPEAKS)
        margin = SURE * np.sqrt(1 / (early + HALF) + 1 / (late + HALF))
        return enough & (ratio < -margin), enough & (ratio > margin)

    of_shop = not said(np.zeros_like(group), 1)[1][0]
    cyclic, free = said(group, groups)
    return np.where(cyclic | free, cyclic, of_shop)


def _factors(kind: Integers, counted: tuple[Floats, Mask], drawn_to: Floats) -> Floats:
    """Of each kind the factor on mu by which as many are expected as were bought.

    A pair counts once, however often it is bought, so the factors are found by steps: each makes up
    for what is still missing.
    """
    mu, bought = counted
    size = len(drawn_to)
    found, had = drawn_to, np.bincount(kind, bought, size) + HAZARD_PRIOR
    for _ in range(STEPS):
        met = np.bincount(kind, -np.expm1(-mu * found[kind]), size)
        found = found * had / (met + HAZARD_PRIOR * found / drawn_to)
    return found
