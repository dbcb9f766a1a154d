"""The segments of a shop and who is in them, as of the end of a bundle's log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.labels import Label
from engine.customers.schemes import Schemes
from engine.customers.segments import Segment
from engine.item_history import CustomerItems
from engine.shop import ShopConfig, schemes_of
from engine.types import Offsets, Rows
from training.customer_tastes import tastes_of_all
from training.customer_worth import TasteColumns
from training.customers import assess_all

SAMPLES: Final = 5
SEED: Final = 7  # which customers are shown does not change from run to run


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """`revenue_minor` is net, of the value window; shares are of all customers of the bundle."""

    name: str
    label: Label
    customers: int
    share: float
    revenue_minor: int
    revenue_share: float
    samples: tuple[str, ...]  # ids, drawn evenly; nobody who opted out


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Who bought how many units of what, as it lies in the bundle."""

    table: CustomerItems

    @property
    def n_customers(self) -> int:
        return len(self.table.offsets) - 1

    @property
    def offsets(self) -> Offsets:
        return self.table.offsets

    @property
    def items(self) -> Rows:
        return self.table.rows

    @property
    def bought(self) -> Rows:
        return self.table.bought


def schemes_for_lists(shop: ShopConfig, bundle: Bundle) -> Schemes:
    """Of shop.toml as it is; but for the ladder and its days, which are the bundle's.

    The shop's own answers and prices go by those until the next training, and so must a message.
    """
    trained = bundle.schemes
    return replace(schemes_of(shop), ladder=trained.ladder, member_days=trained.member_days)


def states_under(bundle: Bundle, schemes: Schemes, now: int) -> pl.DataFrame:
    """`assess_all` under a shop's present rules, which may be newer than the bundle's."""
    return assess_all(bundle.snapshot, bundle.thresholds, schemes, now, tastes_in(bundle))


def tastes_in(bundle: Bundle) -> TasteColumns:
    """Of every customer, as of the training."""
    return tastes_of_all(_Pairs(bundle.customer_items), bundle.catalogue)


def segment_sizes(
    states: pl.DataFrame, segments: Sequence[Segment], bundle: Bundle, samples: int = SAMPLES
) -> tuple[SegmentSize, ...]:
    """In the order of `segments`. One customer may be in several, so shares add up to anything."""
    money = states["monetary_minor"].to_numpy()
    shown = states["personal"].to_numpy()
    drawn = np.random.default_rng(SEED).permutation(states.height)
    found = []
    for segment in segments:
        inside = states["segments"].list.contains(segment.name).to_numpy()
        examples = drawn[inside[drawn] & shown[drawn]][:samples]
        revenue = int(money[inside].sum())
        found.append(
            SegmentSize(
                name=segment.name,
                label=segment.label,
                customers=int(inside.sum()),
                share=int(inside.sum()) / max(len(inside), 1),
                revenue_minor=revenue,
                revenue_share=revenue / (int(money.sum()) or 1),
                samples=tuple(bundle.customers.ids(examples.tolist())),
            )
        )
    return tuple(found)
