"""The items of a log, and what a catalogue file says of them, as the bundle's columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from engine.catalogue import PATH_SEPARATOR, UNKNOWN, Catalogue, ItemKind
from engine.ids import IdMap
from engine.text import TextColumn
from engine.types import Instants, Lists, Mask, Rows
from engine.words import words_of
from training.log import ITEMS_SCHEMA

KINDS: Final = {kind.name.lower(): int(kind) for kind in ItemKind}
MAX_WORD_SHARE: Final = 0.5  # guess: a word in more titles than that finds nothing in particular
MAX_PER_WORD: Final = 2000  # guess: bounds a search's work


def catalogue_of(
    items: pl.DataFrame | None, item_ids: Sequence[str], first_seen_at: Instants
) -> Catalogue:
    """One entry an item of `item_ids`; what the catalogue file does not say is unknown."""
    given = pl.DataFrame(schema=ITEMS_SCHEMA) if items is None else items
    order = pl.DataFrame({"item_id": list(item_ids)}, schema={"item_id": pl.String})
    table = order.join(given.unique("item_id", keep="last"), on="item_id", how="left")
    category, paths = _codes(table["category"], with_prefixes=True)
    brand, brands = _codes(table["brand"], with_prefixes=False)
    return Catalogue(
        titles=TextColumn.build(table["title"]),
        category=category,
        brand=brand,
        kind=table["kind"].replace_strict(KINDS, default=0, return_dtype=pl.Int8).to_numpy(),
        price_minor=_numbers(table["price_minor"]),
        list_price_minor=_numbers(table["list_price_minor"]),
        stock=_numbers(table["stock"]),
        available=table["available"].fill_null(value=True).to_numpy(),
        first_seen_at=first_seen_at,
        categories=IdMap.build(paths),
        category_end=_ends(paths),
        brands=IdMap.build(brands),
    )


def listed_in(items: pl.DataFrame | None, item_ids: Sequence[str]) -> Mask | None:
    """(n_items,) whether the catalogue file has a line of each; None without such a file."""
    if items is None:
        return None
    listed: Mask = pl.Series(item_ids, dtype=pl.String).is_in(items["item_id"].implode()).to_numpy()
    return listed


def _numbers(column: pl.Series) -> np.ndarray:
    return column.cast(pl.Int64).fill_null(UNKNOWN).to_numpy()


def _codes(column: pl.Series, *, with_prefixes: bool) -> tuple[Rows, list[str]]:
    """Codes in the order of paths; a path's prefixes are categories of their own."""
    named = {path for path in column.unique().to_list() if path}
    if with_prefixes:
        named = {prefix for path in named for prefix in _prefixes(path)}
    names = sorted(named, key=lambda path: path.split(PATH_SEPARATOR))
    codes = {name: code for code, name in enumerate(names)}
    rows = [codes.get(path or "", UNKNOWN) for path in column]
    return np.array(rows, np.int32), names


def _prefixes(path: str) -> list[str]:
    parts = path.split(PATH_SEPARATOR)
    return [PATH_SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def _ends(paths: Sequence[str]) -> Rows:
    """For each path the code after the last that lies below it."""
    ends = np.arange(1, len(paths) + 1, dtype=np.int32)
    open_paths: list[int] = []
    for code, path in enumerate([*paths, ""]):
        while open_paths and not path.startswith(paths[open_paths[-1]] + PATH_SEPARATOR):
            ends[open_paths.pop()] = code
        open_paths.append(code)
    return ends


def words_index(catalogue: Catalogue, popular: Rows) -> tuple[IdMap, Lists]:
    """Search word → items whose title, category or brand holds it; score = log(n_items / found).

    Of a word that many hold, what sells most is kept: `popular` first, in its order.
    """
    found: dict[str, list[int]] = {}
    rest = np.setdiff1d(np.arange(len(catalogue), dtype=np.int32), popular)
    for row in np.concatenate([popular, rest]).tolist():
        for word in words_of(_searchable(catalogue, row)):
            found.setdefault(word, []).append(row)
    most = max(1, int(MAX_WORD_SHARE * len(catalogue)))
    words = sorted(word for word, rows in found.items() if len(rows) <= most)
    rows = [np.array(found[word][:MAX_PER_WORD], np.int32) for word in words]
    lengths = [len(part) for part in rows]
    spread = np.array([len(found[word]) for word in words], np.float64)
    rarity = np.log(max(len(catalogue), 2) / spread)
    return IdMap.build(words), Lists(
        offsets=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
        rows=np.concatenate(rows) if rows else np.empty(0, np.int32),
        scores=np.repeat(rarity, lengths).astype(np.float32),
    )


def _searchable(catalogue: Catalogue, row: int) -> str:
    category, brand = int(catalogue.category[row]), int(catalogue.brand[row])
    parts = [catalogue.titles[row]]
    if category != UNKNOWN:
        parts.append(catalogue.categories.id(category))
    if brand != UNKNOWN:
        parts.append(catalogue.brands.id(brand))
    return " ".join(parts)
