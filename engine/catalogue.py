"""What is known of the items of one bundle, as columns, and the changes that arrive since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from engine.events import Id
from engine.ids import IdMap
from engine.text import TextColumn
from engine.types import Instants, Mask, Rows

PATH_SEPARATOR: Final = " > "  # "baby > formula": a category lies below every prefix of its path
UNKNOWN: Final = -1


class ItemKind(IntEnum):
    GOODS = 0
    CONTENT = 1
    SERVICE = 2


class ItemChange(BaseModel):
    """What a shop may change at once, without retraining. Only the fields that are given change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: Id
    available: bool | None = None
    price_minor: int | None = Field(default=None, ge=0)
    list_price_minor: int | None = Field(default=None, ge=0)
    stock: int | None = Field(default=None, ge=0)
    category: Id | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One entry an item row. Codes are rows of `categories` and `brands`; UNKNOWN is -1.

    Categories are coded in the order of their paths, so all below code c are
    [c, category_end[c]).
    """

    titles: TextColumn
    category: Rows  # (n_items,)
    brand: Rows  # (n_items,)
    kind: NDArray[np.int8]  # (n_items,) ItemKind
    price_minor: NDArray[np.int64]  # (n_items,) what is paid now; UNKNOWN without a price
    list_price_minor: NDArray[np.int64]  # (n_items,) the price before a sale; UNKNOWN without
    stock: NDArray[np.int64]  # (n_items,) UNKNOWN where it is not counted
    available: Mask  # (n_items,)
    first_seen_at: Instants  # (n_items,)
    categories: IdMap  # of paths
    category_end: Rows  # (n_categories,)
    brands: IdMap

    def __len__(self) -> int:
        return len(self.category)

    @property
    def sellable(self) -> Mask:
        sellable: Mask = self.available & (self.stock != 0)
        return sellable

    @property
    def on_sale(self) -> Mask:
        marked_down: Mask = self.list_price_minor > self.price_minor
        return marked_down & (self.price_minor >= 0)

    def within(self, code: int) -> Mask:
        """Items of a category and of all below it; none for an unknown code."""
        if not 0 <= code < len(self.category_end):
            return np.zeros(len(self), np.bool_)
        below: Mask = (self.category >= code) & (self.category < self.category_end[code])
        return below


def apply_changes(catalogue: Catalogue, changes: Mapping[int, ItemChange]) -> Catalogue:
    """`changes` by item row. A category that the bundle does not know leaves the old one."""
    columns = {
        name: getattr(catalogue, name).copy()
        for name in ("available", "price_minor", "list_price_minor", "stock", "category")
    }
    for row, change in changes.items():
        given = change.model_dump(exclude_none=True, exclude={"item_id"})
        if change.category is not None:
            code = catalogue.categories.row(change.category)
            given["category"] = catalogue.category[row] if code == UNKNOWN else code
        for name, value in given.items():
            columns[name][row] = value
    return replace(catalogue, **columns)
