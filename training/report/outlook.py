"""What customers are expected to order (V7), and whether the same was right a while ago."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import polars as pl

from engine.customers.labels import STAGES
from engine.customers.snapshot import CustomerSnapshot
from engine.errors import LogError
from engine.types import DAY_MS
from training.customer_orders import kept_orders
from training.models.lifetime_value import (
    DAYS_A_WEEK,
    LifetimeValueConfig,
    Recurrence,
    expected_purchases,
    expected_spend,
    fit,
    recurrence,
)
from training.report.groups import hide_small, in_order

WEEKS: Final = 12
ENOUGH: Final = 50_000  # customers to fit to: more move no digit that is shown
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Outlook:
    """Days with an order are counted, as the model does: several of one day are one."""

    stages: pl.DataFrame  # stage, customers, coming (orders), expected_minor, each_minor
    coming: float  # orders of everybody in the next WEEKS
    expected_minor: float
    earlier: tuple[float, int] | None  # orders that were expected WEEKS ago, and that came


def outlook_of(
    people: CustomerSnapshot, stages: pl.Series, now: int, minor_units: int, k: int
) -> Outlook | None:
    """None where too few customers came back to learn from."""
    data = recurrence(people, now, minor_units)
    try:
        model = fit(_some(data), LifetimeValueConfig())
    except LogError:
        return None
    coming = expected_purchases(model, data, WEEKS)
    money = coming * expected_spend(model, data) * 10**minor_units
    table = pl.DataFrame(
        {
            "stage": stages.gather(data.customers),
            "coming": coming,
            "expected_minor": money,
        }
    )
    found = table.group_by("stage").agg(
        pl.len().cast(pl.Int64).alias("customers"), pl.col("coming", "expected_minor").sum()
    )
    shown = in_order(found, "stage", STAGES).filter(pl.col("customers") > 0)
    each = pl.col("expected_minor") / pl.col("customers")
    return Outlook(
        hide_small(shown, k).with_columns(each_minor=each),
        float(coming.sum()),
        float(money.sum()),
        _earlier(people, now, minor_units),
    )


def _earlier(people: CustomerSnapshot, now: int, minor_units: int) -> tuple[float, int] | None:
    """Of who was known then, by a model of that day."""
    then = now - WEEKS * DAYS_A_WEEK * DAY_MS
    data = recurrence(people, then, minor_units)
    try:
        model = fit(_some(data), LifetimeValueConfig())
    except LogError:
        return None
    kept = kept_orders(people)
    owners = np.repeat(np.arange(len(people)), kept.counts)
    days = kept.at // DAY_MS
    later = (days > then // DAY_MS) & np.isin(owners, data.customers)
    came = np.unique(np.column_stack([owners[later], days[later]]), axis=0)
    return float(expected_purchases(model, data, WEEKS).sum()), len(came)


def _some(data: Recurrence) -> Recurrence:
    if len(data.customers) <= ENOUGH:
        return data
    rows = np.random.default_rng(SEED).choice(len(data.customers), ENOUGH, replace=False)
    return Recurrence(**{each.name: getattr(data, each.name)[rows] for each in fields(data)})
