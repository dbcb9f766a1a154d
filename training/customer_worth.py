"""What every customer is worth, and what that makes of the population: V1 and V2 as columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.customers.diagnosis import CAUSES
from engine.customers.schemes import Schemes
from engine.customers.snapshot import CustomerSnapshot
from engine.customers.thresholds import NO_CUT, Cut, Cuts, Thresholds
from engine.customers.value import BUYING_CLASSES, SHARE_PARTS
from engine.types import DAY_MS
from training.customer_orders import Kept, kept_orders
from training.customer_splits import at_least, split_cuts

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TasteColumns:
    """`Tastes` of every customer."""

    breadth: Integers  # (n,)
    brand: pl.Series  # (n,) null = none
    brand_share: NDArray[np.float64]  # (n,)


def no_tastes(n: int) -> TasteColumns:
    return TasteColumns(np.zeros(n, np.int64), pl.Series([None] * n, dtype=pl.String), np.zeros(n))


@dataclass(frozen=True, slots=True)
class Worths:
    """`Worth` of every customer; recency is -1 where there never was an order."""

    recency_days: Integers
    frequency: Integers
    monetary_minor: Integers
    value_minor: Integers
    length_days: Integers


def worths_of(kept: Kept, schemes: Schemes, now: int) -> Worths:
    start = now - schemes.value.window_days * DAY_MS
    recent = kept.at > start
    money = kept.sums(np.where(recent, kept.amount_minor, 0))
    late = kept.loose_at > start
    np.subtract.at(money, kept.loose_owner[late], kept.loose_minor[late])
    costs = kept.sums(np.where(recent, kept.cost_minor, 0))
    ordered = kept.counts > 0
    return Worths(
        recency_days=np.where(ordered, np.maximum(now - kept.last_at, 0) // DAY_MS, -1),
        frequency=kept.sums(recent.astype(np.int64)),
        monetary_minor=money,
        value_minor=money if schemes.value.of == "revenue" else money - costs,
        length_days=np.where(ordered, np.maximum(now - kept.first_at, 0) // DAY_MS, 0),
    )


def population(
    people: CustomerSnapshot, schemes: Schemes, now: int, tastes: TasteColumns | None = None
) -> Thresholds:
    """Quantiles of all who ever ordered; class cuts of those who ordered in the window."""
    kept = kept_orders(people)
    worths = worths_of(kept, schemes, now)
    buyers = worths.recency_days >= 0
    breadth = (tastes or no_tastes(len(people))).breadth
    return Thresholds(
        computed_at=now,
        buyers=int(buyers.sum()),
        active_buyers=int((worths.frequency > 0).sum()),
        recency=_cuts(worths.recency_days[buyers], Thresholds().recency),
        frequency=_cuts(worths.frequency[buyers], Thresholds().frequency),
        monetary=_cuts(worths.monetary_minor[buyers], Thresholds().monetary),
        breadth=_cuts(breadth[buyers], Thresholds().breadth),
        length=_cuts(worths.length_days[buyers], Thresholds().length),
        classes=_class_cuts(kept, worths, schemes),
        splits=split_cuts(people, kept, worths.value_minor),
        usual=_usual(worths, breadth),
    )


def _usual(worths: Worths, breadth: Integers) -> tuple[int, int, int]:
    active = worths.frequency > 0
    if not active.any():
        return 0, 0, 0
    frequency = worths.frequency[active]
    basket = worths.monetary_minor[active] // frequency
    orders, money, width = (int(np.median(each)) for each in (frequency, basket, breadth[active]))
    return orders, money, width


def _cuts(measures: Integers, nobody: Cuts) -> Cuts:
    """The least measures that 20, 40, 60 and 80 % do not exceed."""
    if not len(measures):
        return nobody
    quantiles = np.quantile(measures, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
    first, second, third, fourth = (int(cut) for cut in quantiles)
    return first, second, third, fourth


def _class_cuts(kept: Kept, worths: Worths, schemes: Schemes) -> tuple[Cut, Cut, Cut]:
    """The last customer of each class, by value, then last order, then its key."""
    active = np.flatnonzero(worths.frequency > 0)
    value, at, key = worths.value_minor[active], kept.last_at[active], kept.last_key[active]
    ranked = np.lexsort((key, at, value))[::-1]
    cuts = []
    for share in schemes.value.cumulative():
        size = (len(active) * share + SHARE_PARTS // 2) // SHARE_PARTS  # half is rounded up
        last = ranked[size - 1] if size else -1
        cuts.append((int(value[last]), int(at[last]), int(key[last])) if size else NO_CUT)
    top, large, medium = cuts
    return top, large, medium


def worth_columns(worths: Worths, taste: TasteColumns, cuts: Thresholds) -> dict[str, Any]:
    buyers = worths.recency_days >= 0

    def score(measures: Integers, bounds: Cuts) -> Integers:
        return np.where(buyers, 1 + np.searchsorted(bounds, measures), 0)

    recency = 5 - np.searchsorted(cuts.recency, worths.recency_days)
    return {
        "recency_days": or_null(worths.recency_days, buyers),
        "frequency": worths.frequency,
        "monetary_minor": worths.monetary_minor,
        "value_minor": worths.value_minor,
        "length_days": worths.length_days,
        "recency_score": np.where(buyers, recency, 0),
        "frequency_score": score(worths.frequency, cuts.frequency),
        "monetary_score": score(worths.monetary_minor, cuts.monetary),
        "breadth_score": score(taste.breadth, cuts.breadth),
        "length_score": score(worths.length_days, cuts.length),
    }


def classes_of(
    people: CustomerSnapshot,
    kept: Kept,
    worths: Worths,
    thresholds: Thresholds,
    schemes: Schemes,
    now: int,
) -> pl.Series:
    names = [*BUYING_CLASSES, "inactive", "potential", "suspect", "other"]
    above = np.full(len(people), len(thresholds.classes))
    for place, cut in reversed(list(enumerate(thresholds.classes))):
        above[at_least((worths.value_minor, kept.last_at, kept.last_key), cut)] = place
    first_at, acted_at = people.moments[:, 0], people.moments[:, 2]
    acted_lately = acted_at > now - schemes.value.window_days * DAY_MS
    codes = np.select(
        [worths.frequency > 0, worths.recency_days >= 0, first_at == 0, acted_lately],
        [above, np.int64(4), np.int64(7), np.int64(5)],
        default=np.int64(6),
    )
    return pl.Series(names, dtype=pl.String).gather(codes)


def diagnoses_of(
    value_class: pl.Series, worths: Worths, taste: TasteColumns, thresholds: Thresholds
) -> pl.Series:
    """`diagnosis_of` of everybody."""
    orders = worths.frequency
    own = np.stack([orders, worths.monetary_minor // np.maximum(orders, 1), taste.breadth])
    usual = np.array(thresholds.usual)[:, None]
    small = (value_class == "small").to_numpy()
    lags = np.where(small & (own >= 0) & (own < usual), own / np.maximum(usual, 1), 1.0)
    cause = np.where(lags.min(axis=0) < 1, lags.argmin(axis=0), len(CAUSES))
    return pl.Series([*CAUSES, None], dtype=pl.String).gather(cause)


def or_null(values: NDArray[Any], known: Flags) -> pl.Series:
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(values))).to_series()
