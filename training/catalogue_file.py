"""A catalogue file, checked whole where it is read: every fault of it in one error."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from engine.catalogue import PATH_SEPARATOR, ItemKind
from engine.errors import LogError
from engine.faults import unknown_key
from training.log import ITEMS_SCHEMA

KINDS: Final = tuple(kind.name.lower() for kind in ItemKind)
MONEY: Final = ("price_minor", "list_price_minor")
IN_CURRENCY: Final = {name: name.removesuffix("_minor") for name in MONEY}
"""What a file of items that is imported calls the same in the currency."""
SHOWN: Final = 3  # decision: enough to find the line, few enough to read


def read_items(path: Path) -> pl.DataFrame:
    """The columns of ITEMS_SCHEMA in its order; absent ones are null, others are refused.

    Spaces around a category and its parts are trimmed. Raises LogError with the file, and of every
    fault the column and the first items that have it.
    """
    try:
        return checked_items(pl.read_parquet(path), path)
    except (OSError, pl.exceptions.ComputeError) as error:
        raise LogError(
            f"{path} is no readable Parquet file ({error}); caini import --items FILE makes one "
            "of CSV, JSON Lines or Parquet"
        ) from error


def strange_columns(there: Iterable[str], known: Iterable[str]) -> list[str]:
    """Of each column that there is not, a line with the nearest that there is."""
    names = tuple(known)
    return [
        unknown_key(name, names, "column of the catalogue") for name in there if name not in names
    ]


def checked_items(given: pl.DataFrame, path: Path) -> pl.DataFrame:
    """As `read_items`; `path` is for the message."""
    if "item_id" not in given.columns:
        there = ", ".join(given.columns)
        raise LogError(f"{path}: item_id: the catalogue has no such column; there: {there}")
    if strange := strange_columns(given.columns, ITEMS_SCHEMA):
        hint = (
            "caini import --items FILE reads prices in the currency, and any columns by a mapping"
        )
        raise LogError("\n".join([*(f"{path}: {each}" for each in strange), hint]))
    given = given.with_columns(_text("item_id", given.schema["item_id"]))
    read = given.select(_read(name, given.schema).alias(name) for name in ITEMS_SCHEMA)
    faults = [*_unread(given, read), *_unlawful(read)]
    if faults:
        raise LogError("\n".join(f"{path}: {fault}" for fault in faults))
    return read.with_columns(_path("category"))


def _read(name: str, schema: pl.Schema) -> pl.Expr:
    """Null for what is not of the column's type: half a minor unit, a word for a number."""
    wanted = ITEMS_SCHEMA[name]
    if name not in schema or schema[name] == pl.Null:
        return pl.lit(None, wanted)
    column, found = pl.col(name), schema[name]
    if wanted == pl.String:
        return _text(name, found)
    if wanted == pl.Int64 and (found.is_float() or found.is_decimal()):
        return pl.when(column == column.round()).then(column.cast(wanted, strict=False))
    if wanted == found or (wanted == pl.Int64 and found.is_integer()):
        return column.cast(wanted, strict=False)
    return pl.lit(None, wanted)


def _text(name: str, found: pl.DataType) -> pl.Expr:
    """A shop's whole numbers for its items are names."""
    named = found == pl.String or found.is_integer() or isinstance(found, pl.Categorical | pl.Enum)
    return pl.col(name).cast(pl.String) if named else pl.lit(None, pl.String).alias(name)


def _unread(given: pl.DataFrame, read: pl.DataFrame) -> Iterator[str]:
    for name, wanted in ITEMS_SCHEMA.items():
        if name in given.columns and name != "item_id":
            lost = given[name].is_not_null() & read[name].is_null()
            meant = "is no whole number" if wanted == pl.Int64 else f"is no {wanted}"
            if name in MONEY:
                meant = "is no whole number of minor units"
            yield from _fault(name, meant, given.filter(lost), given)


def _unlawful(items: pl.DataFrame) -> Iterator[str]:
    key, kind, category = pl.col("item_id"), pl.col("kind"), pl.col("category")
    rules = [
        ("item_id", "is missing or blank", key.is_null() | (key.str.strip_chars() == "")),
        ("item_id", "is there more than once", key.is_not_null() & key.is_duplicated()),
        ("kind", f"is none of {', '.join(KINDS)}", ~kind.is_in(KINDS)),
        ("category", "is a path with an empty part", category_parts(category).list.contains("")),
        ("stock", "is below 0", pl.col("stock") < 0),
        *((name, "is below 0", pl.col(name) < 0) for name in MONEY),
    ]
    for name, meant, broken in rules:
        yield from _fault(name, meant, items.filter(broken), items)


def _fault(name: str, meant: str, broken: pl.DataFrame, items: pl.DataFrame) -> Iterator[str]:
    if broken.is_empty():
        return
    ids = broken["item_id"].unique(maintain_order=True).head(SHOWN).to_list()
    first = ", ".join("null" if item is None else repr(item) for item in ids)
    value = "" if name == "item_id" else f" ({broken[name][0]!r})"
    yield f"{name} {meant}{value} in {broken.height} of {items.height} lines, first {first}"


def category_parts(category: pl.Expr) -> pl.Expr:
    """Of no category at all: no parts; the separator's own spaces may be missing at the ends."""
    bare = category.str.strip_chars()
    padded = pl.lit(" ") + bare + pl.lit(" ")
    parts = padded.str.split(PATH_SEPARATOR).list.eval(pl.element().str.strip_chars())
    return pl.when(bare != "").then(parts)


def _path(name: str) -> pl.Expr:
    return category_parts(pl.col(name)).list.join(PATH_SEPARATOR).alias(name)
