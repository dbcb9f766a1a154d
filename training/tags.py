"""Tags (标签, A4) of everybody, as the log says: given while a condition holds, gone after days.

Everybody is looked at once in `every` days, each time by what the log said till then and by the
thresholds of that day; categories and brands bought from are those of the log's end. So the tags
follow from the log alone, and any run finds the same. What visitors browsed joins in the times of
contact; opened messages and clicks on them do not, for no condition asks how a customer is reached.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.customers.config import names_of
from engine.customers.labels import Label
from engine.customers.segments import read_segments
from engine.customers.tags import TagConfig
from engine.errors import ConfigError
from engine.shop import ShopConfig, schemes_of
from engine.types import DAY_MS, Instants
from training.customer_facts import Told, snapshot_of, told
from training.customer_orders import owners_of
from training.customer_segments import mask
from training.customers import assess_all, population
from training.segments import tastes_in
from training.visitors import joined

WINDOW_DAYS: Final = 28  # decision: as long as the hold-out of an evaluation
Until = NDArray[np.int64]  # (n_customers, n_tags) the instant a tag is gone; 0 = never given


@dataclass(frozen=True, slots=True)
class TagSize:
    name: str
    label: Label
    customers: int  # who carry it now
    share: float  # of all customers
    orders: int  # of the window, whose customer carried it then


@dataclass(frozen=True, slots=True)
class Tagged:
    """`orders` are those of the window by who allows their data to be used (A6)."""

    sizes: tuple[TagSize, ...]
    until: Until
    orders: int
    tagged_orders: int

    @property
    def share(self) -> float:
        return self.tagged_orders / (self.orders or 1)


def tagged(
    bundle: Bundle,
    log: pl.LazyFrame,
    shop: ShopConfig,
    every: int,
    looked: Callable[[], None] | None = None,
) -> Tagged:
    """`log` is the one that the bundle was trained on; `looked` is called after each of
    `number_of_looks`. Raises ConfigError without [[tags]].
    """
    looks = _looks(bundle, shop, every)
    now = bundle.manifest.watermark
    start = now - WINDOW_DAYS * DAY_MS
    owners, at = _orders(bundle, start, now)
    carried = np.zeros((len(at), len(shop.tags)), np.bool_)
    until = np.zeros((len(bundle.customers), len(shop.tags)), np.int64)
    days = np.array([tag.days * DAY_MS for tag in shop.tags])
    heard = np.ones(len(bundle.customers), np.bool_)
    said = told(log, bundle.customers.ids(range(len(bundle.customers))))
    for look, following in looks:
        held, heard = _held(bundle, (said, log), shop, look)
        until = np.where(held, look + days, until)
        met = (at > look) & (at <= following)
        carried[met] = until[owners[met]] > at[met, None]
        if looked is not None:
            looked()
    mine = heard[owners]
    until[~heard] = 0
    return Tagged(
        _sizes(shop.tags, until > now, carried[mine]),
        until,
        int(mine.sum()),
        int(carried[mine].any(axis=1).sum()),
    )


def number_of_looks(bundle: Bundle, shop: ShopConfig, every: int) -> int:
    """Raises ConfigError without [[tags]]."""
    return len(_looks(bundle, shop, every))


def _looks(bundle: Bundle, shop: ShopConfig, every: int) -> list[tuple[int, int]]:
    """Instants, the last of them the log's end, each with the one that follows."""
    if not shop.tags:
        raise ConfigError("shop.toml: tags: there are none; write [[tags]]")
    longest, now = max(tag.days for tag in shop.tags), bundle.manifest.watermark
    first = max(now - (WINDOW_DAYS + longest) * DAY_MS, bundle.manifest.first_event_at)
    instants = list(range(now, first - 1, -every * DAY_MS))[::-1]
    return list(zip(instants, [*instants[1:], now], strict=True))


def _orders(bundle: Bundle, start: int, now: int) -> tuple[NDArray[np.int64], Instants]:
    """Owner and instant of each order later than `start`."""
    at = bundle.snapshot.orders[0]
    inside = (at > start) & (at <= now)
    return owners_of(bundle.snapshot, "orders")[inside], at[inside]


def _held(
    bundle: Bundle, known: tuple[Told, pl.LazyFrame], shop: ShopConfig, look: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n_customers, n_tags) whose condition holds at an instant; and who may be tagged at all."""
    schemes = schemes_of(shop)
    said, log = known
    past = joined(log.filter(pl.col("at").dt.epoch("ms") <= look))
    people = snapshot_of(said, past, look)
    tastes = tastes_in(bundle)
    thresholds = population(people, schemes, look, tastes)
    states = assess_all(people, thresholds, schemes, look, tastes)
    held = np.column_stack([_mask(tag, states, shop) for tag in shop.tags])
    heard = states["personal"].to_numpy()
    return held & heard[:, None], heard


def _mask(tag: TagConfig, states: pl.DataFrame, shop: ShopConfig) -> NDArray[np.bool_]:
    (segment,), _ = read_segments((tag,), names_of(shop), "tags", minor_units=shop.shop.minor_units)
    found: NDArray[np.bool_] = states.select(mask(segment.condition).alias("held"))[
        "held"
    ].to_numpy()
    return found


def _sizes(
    tags: Sequence[TagConfig], carry: NDArray[np.bool_], orders: NDArray[np.bool_]
) -> tuple[TagSize, ...]:
    return tuple(
        TagSize(
            tag.name,
            tag.label,
            customers=int(carry[:, place].sum()),
            share=int(carry[:, place].sum()) / max(len(carry), 1),
            orders=int(orders[:, place].sum()),
        )
        for place, tag in enumerate(tags)
    )


def table_of(found: Tagged, bundle: Bundle, tags: Sequence[TagConfig]) -> pl.DataFrame:
    """customer_id, tag, until (UTC): a line for each tag that somebody carries now."""
    owners, places = np.nonzero(found.until > bundle.manifest.watermark)
    return pl.DataFrame(
        {
            "customer_id": pl.Series(bundle.customers.ids(owners.tolist()), dtype=pl.String),
            "tag": pl.Series([tags[place].name for place in places.tolist()], dtype=pl.String),
            "until": pl.Series(found.until[owners, places]).cast(pl.Datetime("ms", "UTC")),
        }
    )
