"""A tea shop small enough that every answer can be worked out by hand.

| row | item  | category         | brand | price | similar to        |
|-----|-------|------------------|-------|-------|-------------------|
| 0   | green | drinks > tea     | qing  | 50    | black .9, cup .5  |
| 1   | black | drinks > tea     | qing  | 60    | green .9, milk .4 |
| 2   | milk  | drinks           | dairy | 10    | black .4          |
| 3   | cup   | home > teaware   | kiln  | 30    | green .5, pot .8  |
| 4   | pot   | home > teaware   | kiln  | 200   | cup .8            |
| 5   | guide | (none), content  | –     | –     | –                 |

mei bought green on days 0 and 10 and looked at pot on day 29; lin bought a cup on day 5; the log
ends on day 30. Popular: green, cup, milk, black, pot, guide.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.ann import build_index
from engine.bundle import Bundle, Factors, Manifest, Words
from engine.bundle_files import MANIFEST, read_manifest, version_of
from engine.catalogue import Catalogue, ItemKind
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.renewal import unlearned
from engine.customers.repurchase import Cycles
from engine.customers.snapshot import snapshot_of
from engine.customers.thresholds import NO_THRESHOLDS
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.item_history import CustomerItems, count
from engine.sessions import Sessions
from engine.shop import ShopConfig, check_shop
from engine.text import TextColumn
from engine.types import DAY_MS, Candidates, ItemHistory, Lists

START = 1_760_000_000_000  # an autumn day of 2025
NOW = START + 30 * DAY_MS
ITEMS = ("green", "black", "milk", "cup", "pot", "guide")
GREEN, BLACK, MILK, CUP, POT, GUIDE = range(6)
SIMILAR = (
    {BLACK: 0.9, CUP: 0.5},
    {GREEN: 0.9, MILK: 0.4},
    {BLACK: 0.4},
    {POT: 0.8, GREEN: 0.5},
    {CUP: 0.8},
    {},
)
TOGETHER: tuple[dict[int, float], ...] = ({CUP: 12.0}, {}, {}, {GREEN: 12.0}, {}, {})
POPULAR = {GREEN: 0.4, CUP: 0.3, MILK: 0.15, BLACK: 0.1, POT: 0.04, GUIDE: 0.01}
SHOP = {
    "shop": {"name": "teahouse", "currency": "CNY", "language": "en"},
    "segments": [
        {
            "name": "buyers",
            "label": {"en": "Buyers", "zh": "已购"},
            "when": {"field": "buyer", "op": "=", "value": True},
        }
    ],
}


def event(number: int, kind: EventType, item: str | None, day: float, **more: object) -> Happened:
    return Happened(f"e{number}", kind, START + round(day * DAY_MS), item_id=item, **more)  # type: ignore[arg-type]


LOG = {
    "mei": [
        event(1, EventType.PURCHASE, "green", 0, order_id="o1", unit_price_minor=5000, quantity=2),
        event(2, EventType.PURCHASE, "green", 10, order_id="o2", unit_price_minor=5000),
        event(3, EventType.VIEW, "pot", 29),
    ],
    "lin": [event(4, EventType.PURCHASE, "cup", 5, order_id="o3", unit_price_minor=3000)],
}


def lists(*lines: dict[int, float]) -> Lists:
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    return Lists(
        offsets.astype(np.int64),
        np.array([row for line in lines for row in line], np.int32),
        np.array([score for line in lines for score in line.values()], np.float32),
    )


def candidates(scored: dict[int, float]) -> Candidates:
    return Candidates(np.array(list(scored), np.int32), np.array(list(scored.values()), np.float32))


def catalogue() -> Catalogue:
    # drinks 0, drinks > tea 1, home 2, home > teaware 3
    return Catalogue(
        titles=TextColumn.build(
            ["Green tea", "Black tea", "Milk", "Cup", "Tea pot", "How to brew tea"]
        ),
        category=np.array([1, 1, 0, 3, 3, -1], np.int32),
        brand=np.array([0, 0, 1, 2, 2, -1], np.int32),
        kind=np.array([0, 0, 0, 0, 0, ItemKind.CONTENT], np.int8),
        price_minor=np.array([5000, 6000, 1000, 3000, 20000, -1], np.int64),
        list_price_minor=np.array([-1, 8000, -1, -1, -1, -1], np.int64),
        stock=np.array([-1, 5, -1, -1, 3, -1], np.int64),
        available=np.ones(6, np.bool_),
        first_seen_at=np.full(6, START, np.int64),
        categories=IdMap.build(["drinks", "drinks > tea", "home", "home > teaware"]),
        category_end=np.array([2, 2, 4, 4], np.int32),
        brands=IdMap.build(["qing", "dairy", "kiln"]),
    )


def customer_items(histories: Sequence[ItemHistory]) -> CustomerItems:
    offsets = np.cumsum([0, *(len(history) for history in histories)]).astype(np.int64)
    columns = {
        name: np.concatenate([getattr(history, name) for history in histories])
        for name in ItemHistory.__slots__
    }
    return CustomerItems(offsets, **columns)


def factors() -> Factors:
    """Two tastes: tea (first) and crockery (second)."""
    item = np.array([[1, 0.1], [0.9, 0], [0.3, 0], [0.1, 1], [0, 0.9], [0, 0]], np.float32)
    customer = np.array([[1, 0.2], [0.1, 1]], np.float32)  # mei, lin
    steady = np.ones(len(item), np.float32)
    return Factors(item, customer, item.T @ item, np.array([10, 0.1], np.float32), steady, steady)


def past_sessions(*visits: Sequence[int]) -> Sessions:
    """What was looked at in which order, the oldest visit first; none in the tea shop itself."""
    offsets = np.cumsum([0, *map(len, visits)]).astype(np.int64)
    items = np.array([item for visit in visits for item in visit], np.int32)
    holders = [
        [(row, len(visits[row]) - 1 - visits[row][::-1].index(item)) for row in newest_first]
        for item in range(6)
        for newest_first in [[r for r in reversed(range(len(visits))) if item in visits[r]]]
    ]
    found = np.array([entry for of_item in holders for entry in of_item], np.int32).reshape(-1, 2)
    return Sessions(
        offsets,
        items,
        np.cumsum([0, *map(len, holders)]).astype(np.int64),
        found[:, 0],
        found[:, 1],
        np.ones(6, np.float32),
    )


def bundle(shop: ShopConfig | None = None) -> Bundle:
    shop = shop or check_shop(SHOP, "shop.toml")
    items, known = IdMap.build(ITEMS), factors()
    index, _ = build_index(known.item, seed=1)
    return Bundle(
        manifest=Manifest(
            version="tea",
            code_version="0",
            seed=1,
            first_event_at=START,
            watermark=NOW,
            counts={"events": 4, "customers": 2, "items": 6},
            settings={},
            index={},
        ),
        shop=shop,
        thresholds=NO_THRESHOLDS,
        items=items,
        catalogue=catalogue(),
        customers=IdMap.build(list(LOG)),
        snapshot=snapshot_of([fold_all(EMPTY_HISTORY, events) for events in LOG.values()]),
        customer_items=customer_items(
            [
                count(events, items.rows([e.item_id or "" for e in events]), shop.interactions, NOW)
                for events in LOG.values()
            ]
        ),
        factors=known,
        item_index=index,
        similar=lists(*SIMILAR),
        alike=lists(*SIMILAR),
        sessions=past_sessions(),
        bought_together=lists(*TOGETHER),
        popular=candidates(POPULAR),
        popular_by_category=lists(
            {GREEN: 0.4, MILK: 0.15, BLACK: 0.1},
            {GREEN: 0.4, BLACK: 0.1},
            {CUP: 0.3, POT: 0.04},
            {CUP: 0.3, POT: 0.04},
        ),
        popular_by_segment=lists(*[POPULAR] * len(shop.segments)),
        new_arrivals=candidates({POT: 0.2}),
        words=Words(
            IdMap.build(["tea", "pot"]), lists({GREEN: 0.5, BLACK: 0.5, POT: 0.5}, {POT: 1.5})
        ),
        cycles=Cycles(np.full(6, 20, np.float32), np.zeros(6, np.bool_)),
        renewal=unlearned(np.array([1, 1, 0, 3, 3, 4], np.int32), 5, shop.repurchase),
    )


def sold_out(made: Bundle, *rows: int) -> Bundle:
    available = made.catalogue.available.copy()
    available[list(rows)] = False
    return replace(made, catalogue=replace(made.catalogue, available=available))


def in_pounds(made: Bundle) -> Bundle:
    """As if its log had been in GBP."""
    pounds = made.shop.shop.model_copy(update={"currency": "GBP"})
    return replace(made, shop=made.shop.model_copy(update={"shop": pounds}))


def leave_out(folder: Path, field: str) -> None:
    """The bundle of `folder` without this field, neither as files nor in the manifest."""
    written = read_manifest(folder)
    files = {name: kept for name, kept in written.files.items() if field not in name}
    assert len(files) < len(written.files)
    for name in written.files.keys() - files.keys():
        (folder / name).unlink()
    older = written.model_copy(update={"files": files})
    older = older.model_copy(update={"version": version_of(older.model_dump(mode="json"))})
    (folder / MANIFEST).write_text(older.model_dump_json())
