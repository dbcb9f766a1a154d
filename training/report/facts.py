"""What every chapter of the report starts from, gathered once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.catalogue import ItemKind
from engine.customers.snapshot import MEMBER_AT, CustomerSnapshot
from engine.slots import Slots
from engine.types import Rows
from training.assemble import Source, require_log_of
from training.customer_orders import PLACE
from training.customer_tastes import tastes_of_all
from training.customers import assess_all, population
from training.report.item_table import item_table
from training.report.known import pairs_of
from training.report.outlook import Outlook, outlook_of
from training.report.shown import Shown, show
from training.report.trade import PERIOD_MS, Window, trade_of
from training.report_config import SMALLEST_GROUP


@dataclass(frozen=True)
class Facts:
    bundle: Bundle
    previous: Bundle | None  # the one published before it, where it can be read
    log: pl.LazyFrame  # the whole log, also what came after the bundle
    slots: Slots
    trade: pl.DataFrame  # training.report.trade, up to the bundle's watermark
    states: pl.DataFrame  # training.customers.assess_all, one row a customer of the bundle
    states_before: pl.DataFrame  # the same people, one period earlier
    shown: Shown
    k: int = SMALLEST_GROUP

    @property
    def now(self) -> int:
        return self.bundle.manifest.watermark

    @property
    def timeless(self) -> bool:
        return self.bundle.manifest.timeless

    def holds(self, window: Window) -> bool:
        """The log covers the whole window, so that it can be compared with another."""
        return self.timeless or self.bundle.manifest.first_event_at <= window.start

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.bundle.shop.shop.time_zone)

    @cached_property
    def items(self) -> pl.DataFrame:
        return items_of(self.bundle)

    @cached_property
    def item_table(self) -> pl.DataFrame:
        """`items` with their sales of the season and the places that they fill."""
        return item_table(self.items, self.item_trade, self.shown, self.now)

    @cached_property
    def outlook(self) -> Outlook | None:
        """None where the log is too young or too poor to expect anything of."""
        bundle = self.bundle
        if self.timeless:
            return None
        units = bundle.shop.shop.minor_units
        return outlook_of(bundle.snapshot, self.states["stage"], self.now, units, self.k)

    @cached_property
    def item_trade(self) -> pl.DataFrame:
        """`trade` with the row of each line's item; lines of unknown items are left out."""
        return self.trade.join(self.items.select("item_id", "item"), on="item_id")


def gather(
    bundle: Bundle,
    previous: Bundle | None,
    source: Source,
    slots: Slots,
    *,
    k: int,
    say: Callable[[str], None],
) -> Facts:
    """Raises LogError for a log that is not the one which the bundle was trained on."""
    require_log_of(bundle, source)
    say("sales")
    trade = trade_of(source.log, bundle.manifest.watermark)
    say("customers")
    states, before = states_of(bundle), states_before(bundle)
    say("slates")
    shown = show(bundle, slots)
    return Facts(bundle, previous, source.log, slots, trade, states, before, shown, k)


def states_of(bundle: Bundle) -> pl.DataFrame:
    tastes = tastes_of_all(pairs_of(bundle), bundle.catalogue)
    now = bundle.manifest.watermark
    return assess_all(bundle.snapshot, bundle.thresholds, bundle.schemes, now, tastes)


def states_before(bundle: Bundle) -> pl.DataFrame:
    """As of one period ago, by that day's thresholds; who was not there yet is not `known`."""
    then = bundle.manifest.watermark - PERIOD_MS
    people = as_of(bundle.snapshot, then)
    thresholds = population(people, bundle.schemes, then)
    return assess_all(people, thresholds, bundle.schemes, then)


def as_of(people: CustomerSnapshot, instant: int) -> CustomerSnapshot:
    """Orders, refunds and referred purchases up to `instant`: all that stages and splits need.

    Other instants are only cut to it, for the snapshot keeps the latest of each kind.
    """
    dated = ("orders", "refunds", "referred")
    masks = {name: getattr(people, name)[0] <= instant for name in dated}
    offsets = people.offsets.copy()
    for name, mask in masks.items():
        counted = np.concatenate(([0], np.cumsum(mask)))
        offsets[:, PLACE[name]] = counted[people.offsets[:, PLACE[name]]]
    moments = people.moments.copy()
    moments[moments[:, 0] > instant] = 0
    moments[moments[:, MEMBER_AT] > instant, MEMBER_AT] = 0
    moments[:, :MEMBER_AT] = np.minimum(moments[:, :MEMBER_AT], instant)
    return replace(
        people,
        moments=moments,
        offsets=offsets,
        **{name: getattr(people, name)[:, mask] for name, mask in masks.items()},
    )


def items_of(bundle: Bundle) -> pl.DataFrame:
    """One row an item: item (row), item_id, title, category (top level), brand, price_minor …"""
    catalogue, rows = bundle.catalogue, range(len(bundle.items))
    ids = bundle.items.ids(rows)
    titles = [bundle.title_of(row) for row in rows]
    return pl.DataFrame(
        {
            "item": np.arange(len(ids), dtype=np.int32),
            "item_id": ids,
            "title": titles,
            "category": _named(catalogue.category, catalogue.categories.ids, top=True),
            "brand": _named(catalogue.brand, catalogue.brands.ids, top=False),
            "price_minor": pl.Series(catalogue.price_minor).replace(-1, None),
            "sellable": bundle.sellable,
            "content": catalogue.kind == ItemKind.CONTENT,
        },
        schema_overrides={"item_id": pl.String, "title": pl.String},
    )


def _named(codes: Rows, ids: Callable[[Sequence[int]], list[str]], *, top: bool) -> pl.Series:
    present = np.unique(codes[codes >= 0])
    names = dict(zip(present.tolist(), ids(present.tolist()), strict=True))
    if top:
        names = {code: name.split(" > ", 1)[0] for code, name in names.items()}
    found = [names.get(code) for code in codes.tolist()]
    return pl.Series(found, dtype=pl.String)
