"""The catalogue of the simulated shop: made from the shelves and their words."""

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.shelves import POSITIONS, SHELVES, Shelf
from caini.demo.world import MINOR, DemoConfig, Floats, Items, Money, Rng
from engine.types import DAY_MS, Instants, Rows

STYLES: Final = 8  # dimensions of taste within a shelf; guess
ZIPF: Final = 0.9  # popularity within a shelf falls like rank ** -ZIPF; guess
BRAND_STYLE: Final = 0.75  # how much of an item's style is its brand's; guess
LAUNCHED_SHARE: Final = 0.25  # of items that come during the year; guess
PROMOTED_SHARE: Final = 0.6  # of goods that take part in sales; guess
PARTNERS: Final = 3  # complements an item has
LARGER: Final = 1.2  # a size costs so much more than the one below it, at least; guess
SCARCE_SHARE: Final = 0.03  # of items with a stock below ten; guess


@dataclass(frozen=True, slots=True)
class Label:
    """What an item is called; `stage` 0 where the shelf has none."""

    title: str
    brand: int
    noun: int
    stage: int
    edition: int
    ladder: int = -1  # of its shelf; -1 = the variant is no size
    size: int = 0  # place in the ladder


def make_items(config: DemoConfig, rng: Rng) -> Items:
    counts = shelf_counts(config.items)
    shelf = np.repeat(np.arange(len(SHELVES), dtype=np.int32), counts)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    labels = [
        label
        for position, count in enumerate(counts)
        for label in make_labels(SHELVES[position], int(count), rng)
    ]
    price = make_prices(shelf, labels, rng)
    popularity = make_popularity(starts, labels, rng)
    n = len(labels)
    return Items(
        ids=tuple(_ids(counts)),
        titles=tuple(label.title for label in labels),
        brands=tuple(
            SHELVES[row].brands[label.brand][0] for row, label in zip(shelf, labels, strict=True)
        ),
        shelf=shelf,
        starts=starts,
        price=price,
        cost=np.rint(price * rng.uniform(0.45, 0.75, n)).astype(np.int64),
        popularity=popularity,
        reach=_reach(popularity, starts),
        style=make_styles(shelf, labels, rng),
        trend=rng.normal(0, 1, n).astype(np.float32),
        launched_at=make_launches(config, starts, labels, rng),
        promoted=(rng.random(n) < PROMOTED_SHARE) & (price > 0),
        sale_phase=rng.integers(0, 50, n).astype(np.int32),
        sale_depth=rng.choice(np.array([0.1, 0.15, 0.2, 0.3, 0.4], np.float32), n),
        stage=np.array([label.stage for label in labels], np.int8),
        complements=make_complements(shelf, starts, popularity, rng),
        stock=make_stock(n, rng),
        query=_queries(shelf, labels),
    )


def shelf_counts(items: int) -> NDArray[np.int64]:
    """Items by shelf: by weight, at least one (four where there are stages)."""
    weights = np.array([np.sqrt(shelf.weight) for shelf in SHELVES])
    counts = np.maximum(np.floor(items * weights / weights.sum()), 1).astype(np.int64)
    staged = np.array([max(len(shelf.stages), 1) for shelf in SHELVES])
    counts = np.maximum(counts // staged, 1) * staged
    plain = np.flatnonzero(staged == 1)
    for turn in range(items - int(counts.sum())):
        counts[plain[turn % len(plain)]] += 1
    return np.asarray(counts)


def make_labels(shelf: Shelf, count: int, rng: Rng) -> list[Label]:
    """`count` different titles in a mixed order; stages of one family follow each other."""
    names = [
        (brand, noun, variant)
        for brand, (noun, (called, _)) in product(range(len(shelf.brands)), enumerate(shelf.nouns))
        for variant in shelf.variants_of(called)
    ]
    places = {
        size: (at, place)
        for at, sizes in enumerate(shelf.sizes)
        for place, size in enumerate(sizes)
    }
    order = rng.permutation(len(names))
    stages: list[tuple[int, tuple[str, str]]] = list(enumerate(shelf.stages, start=1))
    labels = []
    for number in range(count // max(len(stages), 1)):
        brand, noun, variant = names[int(order[number % len(names)])]
        edition = number // len(names)
        ladder, size = places.get(variant[0], (-1, 0))
        for position, stage in stages or [(0, ("", ""))]:
            title = _title(shelf, (brand, noun), (stage, variant), edition)
            labels.append(Label(title, brand, noun, position, edition, ladder, size))
    return labels


def _title(
    shelf: Shelf,
    name: tuple[int, int],
    extras: tuple[tuple[str, str], tuple[str, str]],
    edition: int,
) -> str:
    brand, noun = shelf.brands[name[0]], shelf.nouns[name[1]]
    number = ("", "") if edition == 0 else (f"No. {edition + 1}", f"{edition + 1}号")
    languages = ([brand[at], noun[at], extras[0][at], extras[1][at], number[at]] for at in (0, 1))
    return " · ".join(" ".join(part for part in parts if part) for parts in languages)


def _ids(counts: NDArray[np.int64]) -> list[str]:
    width = max(3, len(str(int(counts.max()))))
    return [
        f"{shelf.code}-{number:0{width}d}"
        for shelf, count in zip(SHELVES, counts, strict=True)
        for number in range(1, int(count) + 1)
    ]


def make_prices(shelf: Rows, labels: list[Label], rng: Rng) -> Money:
    """Lognormal by shelf, ending in 9 as shops like it; the stages of a family cost the same."""
    medians = np.array([kind.price for kind in SHELVES])[shelf]
    spreads = np.array([kind.spread for kind in SHELVES])[shelf]
    noise = rng.normal(0, 1, len(labels))
    first = np.arange(len(labels)) - np.maximum([label.stage - 1 for label in labels], 0)
    price = _by_size(medians * np.exp(spreads * noise[first]), shelf, labels)
    step = np.where(price < 100, 1, 10)
    pretty = np.maximum(np.rint(price / step) * step, 5) - np.where(price < 100, 0.1, 1)
    return np.where(medians > 0, np.rint(pretty * MINOR), 0).astype(np.int64)


def _by_size(price: NDArray[np.float64], shelf: Rows, labels: list[Label]) -> NDArray[np.float64]:
    """The sizes of one thing share out their prices: the larger costs more, by LARGER at least."""
    ladders: dict[tuple[int, ...], list[int]] = {}
    for row, label in enumerate(labels):
        if label.ladder >= 0:
            thing = (label.brand, label.noun, label.edition, label.stage, label.ladder)
            ladders.setdefault((int(shelf[row]), *thing), []).append(row)
    price = price.copy()
    for rows in ladders.values():
        rows.sort(key=lambda row: labels[row].size)
        price[rows] = np.sort(price[rows])
        for smaller, larger in pairwise(rows):
            price[larger] = max(price[larger], price[smaller] * LARGER)
    return price


def make_popularity(starts: Rows, labels: list[Label], rng: Rng) -> NDArray[np.float64]:
    """Zipf within each shelf; the stages of a family share a rank."""
    popularity = np.empty(len(labels))
    for start, stop in pairwise(starts):
        stages = max(labels[start].stage and max(label.stage for label in labels[start:stop]), 1)
        ranks = rng.permutation((stop - start) // stages) + 1.0
        weights = np.repeat(ranks**-ZIPF, stages)
        popularity[start:stop] = weights / weights.sum()
    return popularity


def _reach(popularity: NDArray[np.float64], starts: Rows) -> NDArray[np.float64]:
    reach = np.empty(len(popularity))
    for position, (start, stop) in enumerate(pairwise(starts)):
        reach[start:stop] = position + np.cumsum(popularity[start:stop])
        reach[stop - 1] = position + 1.0
    return reach


def make_styles(shelf: Rows, labels: list[Label], rng: Rng) -> Floats:
    """(n, STYLES) unit variance: what its brand is like, and a part of its own (by family)."""
    brands = sorted(
        {SHELVES[row].brands[label.brand] for row, label in zip(shelf, labels, strict=True)}
    )
    code = {brand: position for position, brand in enumerate(brands)}
    of_brand = rng.normal(0, 1, (len(brands), STYLES))
    own = rng.normal(0, 1, (len(labels), STYLES))
    first = np.arange(len(labels)) - np.maximum([label.stage - 1 for label in labels], 0)
    rows = [
        code[SHELVES[row].brands[label.brand]] for row, label in zip(shelf, labels, strict=True)
    ]
    mixed = np.sqrt(BRAND_STYLE) * of_brand[rows] + np.sqrt(1 - BRAND_STYLE) * own[first]
    return np.asarray(mixed, np.float32)


def make_launches(config: DemoConfig, starts: Rows, labels: list[Label], rng: Rng) -> Instants:
    """Most stood there before the log begins; staged families always did."""
    late = rng.random(len(labels)) < LAUNCHED_SHARE
    late &= np.array([label.stage == 0 for label in labels])
    late[starts[:-1]] = False  # no shelf begins empty
    day = rng.integers(1, max(config.days, 2), len(labels))
    return np.where(late, config.start_ms + day * DAY_MS, config.start_ms - 30 * DAY_MS)


def make_complements(shelf: Rows, starts: Rows, popularity: NDArray[np.float64], rng: Rng) -> Rows:
    """(n, PARTNERS) items of the shelves that go with an item's shelf, the popular ones first."""
    partners = np.full((len(shelf), PARTNERS), -1, np.int32)
    for position, kind in enumerate(SHELVES):
        rows = np.arange(starts[position], starts[position + 1])
        for place in range(PARTNERS if kind.complements else 0):
            other = POSITIONS[kind.complements[place % len(kind.complements)]]
            pool = np.arange(starts[other], starts[other + 1])
            partners[rows, place] = rng.choice(pool, len(rows), p=popularity[pool])
    return partners


def make_stock(n: int, rng: Rng) -> Rows:
    plenty = rng.integers(20, 2_000, n)
    scarce = rng.integers(0, 10, n)
    return np.where(rng.random(n) < SCARCE_SHARE, scarce, plenty).astype(np.int32)


def query_table() -> tuple[str, ...]:
    """Every noun of the shop, English at an even position and its Chinese after it."""
    return tuple(word for shelf in SHELVES for noun in shelf.nouns for word in noun)


def _queries(shelf: Rows, labels: list[Label]) -> Rows:
    first = np.cumsum([0, *(2 * len(kind.nouns) for kind in SHELVES)])
    nouns = np.array([label.noun for label in labels])
    return np.asarray(first[shelf] + 2 * nouns, np.int32)
