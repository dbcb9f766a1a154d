import numpy as np
import polars as pl

from engine.customers.tastes import NO_TASTES, Tastes, tastes_of
from engine.events import EventType
from engine.happened import Happened
from engine.interactions import InteractionConfig
from engine.item_history import count
from tests.engine.customers.world import at
from tests.training.test_customers import log_of
from training.catalogue import catalogue_of
from training.customer_tastes import tastes_of_all
from training.interactions import read_interactions

ITEMS = pl.DataFrame(
    {
        "item_id": ["bowl", "cup", "green", "milk", "pot"],
        "title": [None] * 5,
        "category": ["teaware", "teaware", "food > tea", None, "teaware"],
        "brand": ["kiln", "kiln", "qing", None, "qing"],
        "kind": [None] * 5,
        "price_minor": [100] * 5,
        "list_price_minor": [None] * 5,
        "stock": [None] * 5,
        "available": [True] * 5,
    },
    schema_overrides={"title": pl.String, "kind": pl.String},
)
PURCHASES = [
    ("ann", "cup", 2),
    ("ann", "green", 2),
    ("ann", "milk", 1),
    ("bob", "milk", 3),
    ("cat", "bowl", 1),
    ("cat", "pot", 2),
    ("cat", "cup", 4),
]
EXPECTED = {
    "ann": Tastes(2, "kiln", 0.4),  # as much of qing: the first by code
    "bob": Tastes(0),
    "cat": Tastes(1, "kiln", 5 / 7),
    "dan": NO_TASTES,
}


def events() -> list[Happened]:
    lines = [
        Happened(f"{who} {item}", EventType.PURCHASE, at(day), who, item_id=item, quantity=units)
        for day, (who, item, units) in enumerate(PURCHASES)
    ]
    return [*lines, Happened("look", EventType.VIEW, at(9), "dan", item_id="cup")]


def test_tastes_are_what_was_bought_by_category_and_brand() -> None:
    config = InteractionConfig()
    data = read_interactions(log_of(events()), config, extra_items=ITEMS["item_id"].to_list())
    catalogue = catalogue_of(ITEMS, data.item_ids, np.zeros(data.n_items, np.int64))
    every = tastes_of_all(data, catalogue)
    places = {item: row for row, item in enumerate(data.item_ids)}
    for row, who in enumerate(data.customer_ids):
        own = [each for each in events() if each.customer_id == who]
        rows = np.array([places[str(each.item_id)] for each in own], np.int32)
        assert tastes_of(count(own, rows, config, at(9)), catalogue) == EXPECTED[who]
        found = Tastes(int(every.breadth[row]), every.brand[row], float(every.brand_share[row]))
        assert found == EXPECTED[who]
