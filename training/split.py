"""What a model may see, and what it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import polars as pl

from engine.errors import LogError
from engine.events import EventType
from engine.types import DAY_MS, Mask, Offsets, Rows
from training.interactions import Interactions
from training.ragged import offsets_of

_AT: Final = pl.col("at").dt.epoch("ms")


@dataclass(frozen=True, slots=True)
class Split:
    """Two parts of one log. Nothing of `test` may reach a model, a threshold or a list."""

    train: pl.LazyFrame
    test: pl.LazyFrame


@dataclass(frozen=True, slots=True)
class Truth:
    """What each judged customer went on to want; rows are those of the training interactions."""

    customers: Rows  # (n,) ascending
    offsets: Offsets  # (n + 1,)
    items: Rows  # ascending for each customer, each once; -1 for an item that training never met
    n_items: int

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def sizes(self) -> Rows:
        return np.diff(self.offsets).astype(np.int32)

    def take(self, places: Rows) -> "Truth":
        """Only the customers at these places, which ascend."""
        sizes = self.sizes[places]
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        begins = np.repeat(self.offsets[places] - offsets[:-1], sizes)
        return Truth(
            self.customers[places],
            offsets,
            self.items[begins + np.arange(offsets[-1])],
            self.n_items,
        )

    def sampled(self, most: int, rng: np.random.Generator) -> "Truth":
        """At most so many customers, drawn without replacement."""
        if len(self) <= most:
            return self
        return self.take(np.sort(rng.choice(len(self), most, replace=False)).astype(np.int32))


def by_time(log: pl.LazyFrame, instant: int) -> Split:
    """One cut-off for all, as a model meets the world: the past trains, the rest judges.

    Source: Meng et al., Exploring Data Splitting Strategies (RecSys 2020), "global timeline".
    """
    return Split(log.filter(instant > _AT), log.filter(instant <= _AT))


def cut_off(log: pl.LazyFrame, days: float, largest_share: float) -> int:
    """The instant that leaves the last `days` for judging, but no more than a share of the time."""
    first, last = log.select(first=_AT.min(), last=_AT.max()).collect().row(0)
    if first is None:
        raise LogError("the log holds no events")
    if first == last:
        raise LogError("the log holds a single instant: it cannot be split by time")
    return int(last - min(days * DAY_MS, (last - first) * largest_share))


def last_out(log: pl.LazyFrame) -> Split:
    """Of each customer who came more than once, the last visit judges.

    The cut-off differs between customers, so a model sees what others did later: use it to
    compare with papers that do, not to forecast.
    """
    mine = pl.col("at").max().over("customer_id")
    returned = pl.col("at").min().over("customer_id") < mine
    last = pl.col("customer_id").is_not_null() & returned & (pl.col("at") == mine)
    return Split(log.filter(~last), log.filter(last))


def at_random(log: pl.LazyFrame, share: float, rng: np.random.Generator) -> Split:
    """A share of all (customer, item) pairs judges, of customers who keep at least one.

    For logs without times only: with them it lets the future explain the past.
    """
    pairs = _pairs(log)
    drawn = pl.Series("drawn", rng.random(len(pairs)))
    return _parted(log, pairs.with_columns(drawn).filter(_some_at_random(share)))


def at_random_or_at_the_end(log: pl.LazyFrame, share: float, rng: np.random.Generator) -> Split:
    """Of half of the customers as `at_random`; of the others the last share of their lines.

    Nobody knows how a log without times goes on: what is better for both is better for many ways.
    """
    pairs = _pairs(log)
    drawn = pl.Series("drawn", rng.random(len(pairs)))
    names = pairs.select(pl.col("customer_id").unique().sort())
    sides = names.with_columns(at_end=pl.Series(rng.random(len(names)) < 0.5))
    after = pl.col("place").rank("ordinal").over("customer_id")
    last = (after > 1) & (after > (1 - share) * pl.len().over("customer_id"))
    held = (
        pairs.with_columns(drawn)
        .join(sides, on="customer_id", maintain_order="left")
        .filter(pl.when("at_end").then(last).otherwise(_some_at_random(share)))
    )
    return _parted(log, held)


_PAIR: Final = ("customer_id", "item_id")


def _pairs(log: pl.LazyFrame) -> pl.DataFrame:
    """Each pair once, in the order of its ids, with the place of its last line in the log."""
    known = pl.col("customer_id").is_not_null() & pl.col("item_id").is_not_null()
    places = log.with_row_index("place").filter(known)
    return places.group_by(_PAIR).agg(pl.col("place").max()).sort(_PAIR).collect()


def _some_at_random(share: float) -> pl.Expr:
    drawn = pl.col("drawn")
    return (drawn.rank("ordinal").over("customer_id") > 1) & (drawn < share)


def _parted(log: pl.LazyFrame, held: pl.DataFrame) -> Split:
    pairs = held.lazy()
    return Split(log.join(pairs, on=_PAIR, how="anti"), log.join(pairs, on=_PAIR, how="semi"))


class Known(Protocol):
    """Interactions, or the ids of a bundle: whom and what a model knows, in the order of rows."""

    @property
    def customer_ids(self) -> Sequence[str]: ...
    @property
    def item_ids(self) -> Sequence[str]: ...


def truth_of(
    test: pl.LazyFrame, data: Known, kinds: Sequence[EventType] = (EventType.PURCHASE,)
) -> Truth:
    """What the customers that training knows did in `test`, by events of these kinds."""
    wanted = [str(kind) for kind in kinds]
    customers = pl.LazyFrame(
        {
            "customer_id": data.customer_ids,
            "customer": np.arange(len(data.customer_ids), dtype=np.int32),
        },
        schema={"customer_id": pl.String, "customer": pl.Int32},
    )
    items = pl.LazyFrame(
        {"item_id": data.item_ids, "item": np.arange(len(data.item_ids), dtype=np.int32)},
        schema={"item_id": pl.String, "item": pl.Int32},
    )
    pairs = (
        test.filter(pl.col("type").is_in(wanted) & pl.col("item_id").is_not_null())
        .select("customer_id", "item_id")
        .unique()
        .join(customers, on="customer_id")
        .join(items, on="item_id", how="left")
        .select("customer", pl.col("item").fill_null(-1))
        .sort("customer", "item")
        .collect()
    )
    return _truth(pairs["customer"].to_numpy(), pairs["item"].to_numpy(), len(data.item_ids))


def new_only(truth: Truth, data: Interactions) -> Truth:
    """Without what the customer had bought before: what is left is a discovery."""
    return _kept(truth, ~_had(truth, data))


def _had(truth: Truth, data: Interactions) -> Mask:
    who = np.repeat(truth.customers, truth.sizes)
    rows = np.repeat(np.arange(data.n_rows), np.diff(data.offsets))
    known = np.flatnonzero((data.last_bought_at > 0) & (rows < data.n_customers))
    keys = rows[known].astype(np.int64) * data.n_items + data.items[known]
    asked = who.astype(np.int64) * data.n_items + truth.items
    return np.isin(asked, keys) & (truth.items >= 0)


def _kept(truth: Truth, kept: Mask) -> Truth:
    who = np.repeat(truth.customers, truth.sizes)
    return _truth(who[kept], truth.items[kept], truth.n_items)


def _truth(who: Rows, items: Rows, n_items: int) -> Truth:
    customers, place = np.unique(who, return_inverse=True)
    return Truth(
        customers.astype(np.int32),
        offsets_of(place.astype(np.int32), len(customers)),
        items.astype(np.int32),
        n_items,
    )
