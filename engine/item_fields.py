"""What a slot's `items` may ask about an item, and which items of a catalogue it holds of."""

import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.catalogue import Catalogue, ItemKind
from engine.condition_tests import BUILDERS
from engine.conditions import All, AnyOf, Condition, Field, Fields, Kind, Not, Test, read
from engine.types import DAY_MS, Mask

Numbers = NDArray[np.float64]  # (n_items,) NaN = missing: no comparison holds of it but "!="


@dataclass(frozen=True, slots=True)
class Shelf:
    """The items as they are now; `met_until` is the end of the log that met them."""

    catalogue: Catalogue
    met_until: int


@dataclass(frozen=True, slots=True)
class Coded:
    """Texts, of which many items have the same."""

    codes: NDArray[np.integer[Any]]  # (n_items,) places in `names`; -1 = missing
    names: tuple[str, ...]


def _known(values: NDArray[Any]) -> Numbers:
    """Negative is unknown."""
    return np.where(values < 0, np.nan, values)


def _discount(shelf: Shelf) -> Numbers:
    price, before = _known(shelf.catalogue.price_minor), _known(shelf.catalogue.list_price_minor)
    off = np.zeros(len(price))
    np.divide(before - price, before, out=off, where=shelf.catalogue.on_sale)
    return np.where(np.isnan(price), np.nan, off)


def _age_days(shelf: Shelf) -> Numbers:
    return np.floor((shelf.met_until - shelf.catalogue.first_seen_at) / DAY_MS)


def _brands(shelf: Shelf) -> Coded:
    brands = shelf.catalogue.brands
    return Coded(shelf.catalogue.brand, tuple(brands.ids(range(len(brands)))))


def _categories(shelf: Shelf) -> Coded:
    categories = shelf.catalogue.categories
    return Coded(shelf.catalogue.category, tuple(categories.ids(range(len(categories)))))


KINDS: Final = tuple(kind.name.lower() for kind in sorted(ItemKind))

KNOWN: Final[tuple[Field[Shelf], ...]] = (
    Field("item.price", Kind.MONEY, lambda shelf: _known(shelf.catalogue.price_minor)),
    Field("item.list_price", Kind.MONEY, lambda shelf: _known(shelf.catalogue.list_price_minor)),
    Field("item.discount", Kind.NUMBER, _discount),
    Field("item.stock", Kind.NUMBER, lambda shelf: _known(shelf.catalogue.stock)),
    Field("item.age_days", Kind.NUMBER, _age_days),
    Field("item.on_sale", Kind.FLAG, lambda shelf: shelf.catalogue.on_sale.astype(np.float64)),
    Field("item.brand", Kind.TEXT, _brands),
    Field("item.category", Kind.PATH, _categories),
    Field("item.kind", Kind.CHOICE, lambda shelf: Coded(shelf.catalogue.kind, KINDS), KINDS),
)
ITEM_FIELDS: Final[Fields[Shelf]] = MappingProxyType({field.name: field for field in KNOWN})

COMPARE: Final[Mapping[str, Callable[[Numbers, Any], Mask]]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "between": lambda found, bounds: (found >= bounds[0]) & (found <= bounds[1]),
        "in": np.isin,
        "not_in": lambda found, allowed: ~np.isin(found, allowed),
        "known": lambda found, value: np.isnan(found) ^ value,
    }
)


@dataclass(frozen=True, slots=True)
class ItemRule:
    """Which items a slot may show. Two that say the same are one."""

    said: str  # as it is written, in JSON
    condition: Condition[Shelf] = field(compare=False, repr=False)


def read_item_rule(raw: object, where: str, minor_units: int) -> tuple[ItemRule | None, list[str]]:
    """The rule, or None and every fault of it."""
    condition, problems = read(raw, ITEM_FIELDS, where, minor_units=minor_units)
    if condition is None:
        return None, problems
    return ItemRule(json.dumps(raw, sort_keys=True), condition), []


def items_that(condition: Condition[Shelf], shelf: Shelf) -> Mask:
    """(n_items,) whether the condition holds."""
    match condition:
        case Test(asked, op, value):
            return _tested(asked.read(shelf), op, value)
        case All(parts):
            return _joined(np.logical_and, parts, shelf)
        case AnyOf(parts):
            return _joined(np.logical_or, parts, shelf)
        case Not(part):
            return ~items_that(part, shelf)


def _joined(how: np.ufunc, parts: Sequence[Condition[Shelf]], shelf: Shelf) -> Mask:
    joined: Mask = how.reduce([items_that(part, shelf) for part in parts])
    return joined


def _tested(found: Numbers | Coded, op: str, value: Any) -> Mask:
    if not isinstance(found, Coded):
        return COMPARE[op](found, value)
    holds = BUILDERS[op](lambda name: name, value)
    held = np.array([*map(holds, found.names), holds(None)])  # -1 takes the last
    found_of: Mask = held[found.codes]
    return found_of


def names_asked(condition: Condition[Shelf]) -> Iterator[tuple[str, str]]:
    """Field and name of each brand and category that has to be there for a test to hold."""
    match condition:
        case Test(asked, op, str() | tuple() as value) if asked.name in NAMING:
            names = (value,) if isinstance(value, str) else value
            yield from ((asked.name, name) for name in names if op != "starts_with")
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from names_asked(part)
        case Not(part):
            yield from names_asked(part)


NAMING: Final = frozenset({"item.brand", "item.category"})
