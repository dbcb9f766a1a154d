"""What a log looks like from afar: the numbers that tell a feed that broke from a sound one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from engine.types import DAY_MS

_AT: Final = pl.col("at").dt.epoch("ms")
WEEKS_BEFORE: Final = 4


@dataclass(frozen=True, slots=True)
class LogFacts:
    events: int
    customers: int
    items: int
    first_at: int  # epoch ms; 0 for an empty log
    last_at: int
    days: int  # on which anything happened
    purchases: int
    future: int  # events that lie more than a day after now
    last_week: int  # events in the 7 days before the last event
    week_before: float | None  # mean of the 4 weeks before that; None for a shorter log
    unknown_items: float | None  # share of the events' items that are not in it; None without one
    busiest_customer: float  # share of the events that one customer made
    alike_ids: int  # items whose ids differ from another's in case or outer spaces only
    kinds: Mapping[str, float]  # type → share of the events

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def log_facts(log: pl.LazyFrame, items: pl.DataFrame | None, now: int) -> LogFacts:
    """`items` is the catalogue, None without one."""
    whole = log.select(
        events=pl.len(),
        customers=pl.col("customer_id").n_unique() - pl.col("customer_id").null_count().clip(0, 1),
        first=_AT.min().fill_null(0),
        last=_AT.max().fill_null(0),
        days=(_AT // DAY_MS).n_unique(),
        purchases=(pl.col("type") == "purchase").sum(),
        future=(now + DAY_MS < _AT).sum(),
    ).collect()
    told = whole.row(0, named=True)
    ids = log.select(pl.col("item_id").drop_nulls().unique()).collect().to_series()
    last_week, week_before = _weeks(log, told["first"], told["last"])
    return LogFacts(
        events=told["events"],
        customers=told["customers"],
        items=len(ids),
        first_at=told["first"],
        last_at=told["last"],
        days=told["days"],
        purchases=told["purchases"],
        future=told["future"],
        last_week=last_week,
        week_before=week_before,
        unknown_items=_unknown(log, items),
        busiest_customer=_busiest(log, told["events"]),
        alike_ids=int(ids.str.strip_chars().str.to_lowercase().is_duplicated().sum()),
        kinds=_kinds(log, told["events"]),
    )


def _weeks(log: pl.LazyFrame, first: int, last: int) -> tuple[int, float | None]:
    begin = last - 7 * DAY_MS
    earliest = begin - WEEKS_BEFORE * 7 * DAY_MS
    counted = log.select(
        last=(begin < _AT).sum(), before=((begin >= _AT) & (earliest < _AT)).sum()
    ).collect()
    before = counted["before"].item() / WEEKS_BEFORE
    return counted["last"].item(), before if first <= earliest else None


def _unknown(log: pl.LazyFrame, items: pl.DataFrame | None) -> float | None:
    if items is None:
        return None
    named = log.filter(pl.col("item_id").is_not_null()).select("item_id")
    known = items.lazy().select("item_id").unique()
    missing = named.join(known, on="item_id", how="anti").select(pl.len()).collect().item()
    return float(missing / max(named.select(pl.len()).collect().item(), 1))


def _busiest(log: pl.LazyFrame, events: int) -> float:
    counted = log.filter(pl.col("customer_id").is_not_null()).group_by("customer_id").len()
    most = counted.select(pl.col("len").max()).collect().item()
    return (most or 0) / max(events, 1)


def _kinds(log: pl.LazyFrame, events: int) -> dict[str, float]:
    counted = log.group_by("type").len().sort("type").collect()
    return {kind: number / events for kind, number in counted.iter_rows()}
