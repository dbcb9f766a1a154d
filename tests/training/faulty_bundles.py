"""Ways to spoil a sound bundle, each with the check that must refuse it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.ann import build_index
from engine.bundle import Bundle
from engine.ids import IdMap
from engine.item_history import CustomerItems
from engine.types import DAY_MS, Candidates, Lists
from training.models.sessions import SessionsConfig, table

RNG = np.random.default_rng(4)


def changed(made: Bundle, **fields: object) -> Bundle:
    return replace(made, manifest=made.manifest.model_copy(update=fields))


def broken(lists: Lists, **fields: object) -> Lists:
    return replace(lists, **fields)  # type: ignore[arg-type]


def nan(values: np.ndarray) -> np.ndarray:
    bad = values.copy()
    bad.flat[len(bad) // 2] = np.nan
    return bad


def shuffled(ids: IdMap) -> IdMap:
    return IdMap.build([ids.id(int(row)) for row in RNG.permutation(len(ids))])


def empty(made: Bundle) -> Bundle:
    """No items, and so nothing of what hangs on them."""
    return cut_items(made, 0)


def cut_items(made: Bundle, kept: int) -> Bundle:
    """Only the first items; all else is well formed."""
    catalogue = made.catalogue
    columns = {
        name: getattr(catalogue, name)[:kept]
        for name in (
            "category", "brand", "kind", "price_minor", "list_price_minor", "stock",
            "available", "first_seen_at",
        )
    }  # fmt: skip
    titles = type(catalogue.titles).build([catalogue.titles[row] for row in range(kept)])
    arrays = ("item", "trend", "rarity")
    cut = {name: getattr(made.factors, name)[:kept] for name in arrays}
    parts = replace(made.factors, **cut)
    index, _ = build_index(parts.indexed, seed=1)
    no_visits = np.zeros(1, np.int64), np.empty(0, np.int32)
    rows = made.popular.rows < kept
    return replace(
        made,
        items=IdMap.build(made.items.ids(range(kept))),
        catalogue=replace(catalogue, titles=titles, **columns),
        factors=parts,
        item_index=index,
        similar=within(made.similar, kept, kept),
        alike=within(made.alike, kept, kept),
        sessions=table(*no_visits, kept, SessionsConfig()),
        bought_together=within(made.bought_together, kept, kept),
        popular=Candidates(made.popular.rows[rows], made.popular.scores[rows]),
        popular_by_category=within(made.popular_by_category, kept),
        popular_by_segment=within(made.popular_by_segment, kept),
        new_arrivals=Candidates(made.new_arrivals.rows[:0], made.new_arrivals.scores[:0]),
        words=replace(made.words, items=within(made.words.items, kept)),
        customer_items=histories(made.customer_items, kept),
        renewal=replace(made.renewal, **{
            name: getattr(made.renewal, name)[:kept] for name in ("shares", "group", "cyclic")
        }),
        cycles=replace(made.cycles, **{
            name: getattr(made.cycles, name)[:kept]
            for name in made.cycles.__slots__
            if len(getattr(made.cycles, name)) == len(made.items)
        }),
    )  # fmt: skip


def within(lists: Lists, kept: int, length: int | None = None) -> Lists:
    """Without the rows from `kept` on, and only the first `length` lists."""
    picked = [lists.of(key, 10**6) for key in range(len(lists) if length is None else length)]
    masks = [found.rows < kept for found in picked]
    offsets = np.cumsum([0, *(int(mask.sum()) for mask in masks)]).astype(np.int64)
    nothing = Candidates(np.empty(0, np.int32), np.empty(0, np.float32))
    parts = [Candidates(f.rows[m], f.scores[m]) for f, m in zip(picked, masks, strict=True)]
    parts.append(nothing)
    return Lists(
        offsets,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def histories(held: CustomerItems, kept: int) -> CustomerItems:
    mask = held.rows < kept
    counts = np.concatenate(([0], np.cumsum(mask)))
    columns = {
        name: getattr(held, name)[mask] for name in CustomerItems.__slots__ if name != "offsets"
    }
    return CustomerItems(counts[held.offsets].astype(np.int64), **columns)


def half_the_catalogue(made: Bundle) -> Bundle:
    return cut_items(made, len(made.items) // 2)


def half_the_customers(made: Bundle) -> Bundle:
    """The ids of the other half are those of strangers."""
    ids = made.customers.ids(range(len(made.customers)))
    return replace(
        made,
        customers=IdMap.build([f"~{i}" if n % 2 else i for n, i in enumerate(ids)]),
    )


def one_item_everywhere(made: Bundle) -> Bundle:
    """All lists and all popularity say row 0."""
    n, first = len(made.items), np.zeros(1, np.int32)
    only = Lists(np.arange(n + 1), np.zeros(n, np.int32), np.ones(n, np.float32))
    item = np.zeros_like(made.factors.item)
    item[0] = 1
    index, _ = build_index(item, seed=1)
    ones = np.ones(n, np.float32)
    customers = np.abs(made.factors.customer) + 1
    rows = np.concatenate((first, np.arange(1, n, dtype=np.int32)))
    return replace(
        made,
        similar=only,
        factors=replace(made.factors, item=item, customer=customers, trend=ones, rarity=ones),
        item_index=index,
        popular=Candidates(rows, np.linspace(2, 1, n).astype(np.float32)),
        customer_items=replace(
            made.customer_items, last_bought_at=np.zeros_like(made.customer_items.last_bought_at)
        ),
    )


def another_shop(made: Bundle) -> Bundle:
    ids = made.items.ids(range(len(made.items)))
    return replace(made, items=IdMap.build([f"other-{item}" for item in ids]))


def other_rows(made: Bundle) -> Bundle:
    """The item factors of another run, with their own index: sound, and about other items."""
    item = made.factors.item[RNG.permutation(len(made.items))]
    parts = replace(made.factors, item=item)
    index, _ = build_index(parts.indexed, seed=1)
    return replace(made, factors=parts, item_index=index)


def other_lists(made: Bundle) -> Bundle:
    order = RNG.permutation(len(made.items)).astype(np.int32)
    return replace(made, similar=broken(made.similar, rows=order[made.similar.rows]))


def index_of_another(made: Bundle) -> Bundle:
    index, _ = build_index(np.ascontiguousarray(made.factors.item[::-1]), seed=1)
    return replace(made, item_index=index)


def sold_out(made: Bundle) -> Bundle:
    gone = np.zeros_like(made.catalogue.available)
    return replace(made, catalogue=replace(made.catalogue, available=gone))


def mostly_sold_out(made: Bundle) -> Bundle:
    left = made.catalogue.available.copy()
    left[: int(len(left) * 0.7)] = False
    return replace(made, catalogue=replace(made.catalogue, available=left))


def undescribed(made: Bundle, *lost: str) -> Bundle:
    """As if the catalogue file had no such columns; an item's id and lists are as they were."""
    catalogue, n = made.catalogue, len(made.items)
    nothing = {
        "titles": type(catalogue.titles).build([""] * n),
        "price_minor": np.full(n, -1, np.int64),
        "category": np.full(n, -1, np.int32),
    }
    return replace(made, catalogue=replace(catalogue, **{name: nothing[name] for name in lost}))


def factors(made: Bundle, **fields: np.ndarray) -> Bundle:
    return replace(made, factors=replace(made.factors, **fields))  # type: ignore[arg-type]


def visits(made: Bundle, **change: np.ndarray) -> Bundle:
    return replace(made, sessions=replace(made.sessions, **change))


Fault = Callable[[Bundle], Bundle]
FAULTS: dict[str, tuple[str, Fault]] = {
    "empty": ("empty", empty),
    "NaN in the customers' factors": (
        "finite", lambda b: factors(b, customer=nan(b.factors.customer))),
    "NaN in a list": (
        "finite", lambda b: replace(b, similar=broken(b.similar, scores=nan(b.similar.scores)))),
    "NaN in what is popular": (
        "finite",
        lambda b: replace(b, popular=Candidates(b.popular.rows, nan(b.popular.scores)))),
    "a row that is no item": (
        "rows",
        lambda b: replace(b, similar=broken(b.similar, rows=b.similar.rows + len(b.items)))),
    "a row that is no item, beside another": (
        "rows", lambda b: replace(b, alike=broken(b.alike, rows=b.alike.rows + len(b.items)))),
    "a list of wrong length": (
        "rows",
        lambda b: replace(b, popular_by_category=within(b.popular_by_category, 300, 1))),
    "lists that begin nowhere": (
        "rows",
        lambda b: replace(b, similar=broken(b.similar, offsets=b.similar.offsets[::-1].copy()))),
    "visits of items that there are not": (
        "rows", lambda b: visits(b, items=b.sessions.items + len(b.items))),
    "holders that are no visits": (
        "rows", lambda b: visits(b, holders=b.sessions.holders + len(b.sessions))),
    "places outside of the visit": ("rows", lambda b: visits(b, places=b.sessions.places + 50)),
    "holders without places": ("rows", lambda b: visits(b, places=b.sessions.places[:-1])),
    "lists worst first": (
        "rows", lambda b: replace(b, similar=broken(b.similar, scores=-b.similar.scores))),
    "a popular item twice": (
        "rows",
        lambda b: replace(b, popular=Candidates(np.zeros_like(b.popular.rows), b.popular.scores))),
    "everything sold out": ("sellable", sold_out),
    "mostly sold out": ("lost_sellable", mostly_sold_out),
    "titles gone": ("lost_titles", lambda b: undescribed(b, "titles")),
    "prices gone": ("lost_prices", lambda b: undescribed(b, "price_minor")),
    "categories gone": ("lost_categories", lambda b: undescribed(b, "category")),
    "the index of another run": ("index", index_of_another),
    "item ids mixed up": ("histories", lambda b: replace(b, items=shuffled(b.items))),
    "customer ids mixed up": (
        "histories", lambda b: replace(b, customers=shuffled(b.customers))),
    "factors of other items": ("memory", other_rows),
    "lists of other items": ("memory", other_lists),
    "half the catalogue": ("lost_items", half_the_catalogue),
    "half the customers": ("lost_customers", half_the_customers),
    "another shop's catalogue": ("catalogue_overlap", another_shop),
    "stale data": (
        "freshness", lambda b: changed(b, watermark=b.manifest.watermark - 9 * DAY_MS)),
    "a stream that goes back": ("stream", lambda b: changed(b, stream_through="5-1")),
    "a single item everywhere": ("one_item", one_item_everywhere),
}  # fmt: skip
