"""Is a bundle sound in itself? Looks at what the checksums cannot: that the numbers make sense."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.columns import flatten
from engine.sessions import LONGEST
from engine.types import Candidates, Lists, Vectors
from training.findings import Finding, Severity

PROBES: Final = 50  # vectors that the index is asked for; ±0.04 on a recall of 0.9
PROBE_DEPTH: Final = 10


def soundness(bundle: Bundle, *, index_recall: float) -> list[Finding]:
    """What is wrong; nothing for a sound bundle."""
    if not len(bundle.items):
        return [_wrong("empty", "the bundle holds no items")]
    found = [
        *_numbers(bundle),
        *_lists(bundle),
        *_sessions(bundle),
        *_popular(bundle),
        *_repurchase(bundle),
    ]
    if not bundle.sellable.any():
        found.append(_wrong("sellable", "no item can be sold"))
    if not any(finding.check == "finite" for finding in found):
        found += _index(bundle, index_recall)
    return found


def _wrong(check: str, said: str, value: float | None = None) -> Finding:
    return Finding(check, Severity.ERROR, said, value)


def _numbers(bundle: Bundle) -> Iterator[Finding]:
    scored = ("factors", "sessions", "customer_items", "cycles", "renewal", "popular")
    for name in (*scored, *_tables(bundle), "new_arrivals"):
        value = bundle.words.items if name == "words" else getattr(bundle, name)
        for field, array in flatten(name, value).items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                bad = int((~np.isfinite(array)).sum())
                yield _wrong("finite", f"{field}: {bad} of {array.size} are not finite", bad)


def _tables(bundle: Bundle) -> dict[str, tuple[Lists, int]]:
    """Every table of lists; None of them may name an item that is not there."""
    return {
        "similar": (bundle.similar, len(bundle.items)),
        "alike": (bundle.alike, len(bundle.items)),
        "bought_together": (bundle.bought_together, len(bundle.items)),
        "popular_by_category": (bundle.popular_by_category, len(bundle.catalogue.category_end)),
        "popular_by_segment": (bundle.popular_by_segment, len(bundle.shop.segments)),
        "words": (bundle.words.items, len(bundle.words.words)),
    }


def _lists(bundle: Bundle) -> Iterator[Finding]:
    for name, (lists, length) in _tables(bundle).items():
        problem = _problem(lists, length, len(bundle.items))
        if problem:
            yield _wrong("rows", f"{name}: {problem}")
    mine = bundle.customer_items
    history = Lists(mine.offsets, mine.rows, mine.weights)
    problem = _problem(history, len(bundle.customers), len(bundle.items), ranked=False)
    if problem:
        yield _wrong("rows", f"customer_items: {problem}")


def _sessions(bundle: Bundle) -> Iterator[Finding]:
    """A holder that is no session, or a place outside of one, would fail a request."""
    table, n_items = bundle.sessions, len(bundle.items)
    holders = Lists(table.holders_offsets, table.holders, table.rarity)
    for name, lists, length, members in (
        ("sessions", Lists(table.offsets, table.items, table.rarity), len(table), n_items),
        ("sessions.holders", holders, n_items, len(table)),
    ):
        problem = _problem(lists, length, members, ranked=False)
        if problem:
            yield _wrong("rows", f"{name}: {problem}")
            return
    sizes = np.diff(table.offsets)
    if sizes.max(initial=0) > LONGEST or len(table.places) != len(table.holders):
        yield _wrong("rows", f"sessions: longer than {LONGEST} items, or holders without a place")
    elif not ((table.places >= 0) & (table.places < sizes[table.holders])).all():
        yield _wrong("rows", "sessions: a place lies outside of its session")


def _problem(lists: Lists, length: int, n_items: int, *, ranked: bool = True) -> str | None:
    if len(lists) != length:
        return f"{len(lists)} lists where {length} are needed"
    steps = np.diff(lists.offsets)
    if lists.offsets[0] != 0 or lists.offsets[-1] != len(lists.rows) or (steps < 0).any():
        return "the lists overlap or leave gaps"
    if len(lists.rows) and not 0 <= int(lists.rows.min()) <= int(lists.rows.max()) < n_items:
        return f"names rows outside of the {n_items} that there are"
    return "a list is not in the order of its scores" if ranked and _unordered(lists) else None


def _unordered(lists: Lists) -> bool:
    rises = np.flatnonzero(np.diff(lists.scores) > 0) + 1
    return not bool(np.isin(rises, lists.offsets).all())


def _popular(bundle: Bundle) -> Iterator[Finding]:
    rows = np.sort(bundle.popular.rows)
    if len(rows) != len(bundle.items) or (rows != np.arange(len(rows))).any():
        yield _wrong("rows", "popular: must hold every item once")
    for name, found in (("popular", bundle.popular), ("new_arrivals", bundle.new_arrivals)):
        if _rising(found):
            yield _wrong("rows", f"{name}: is not in the order of its scores")


def _repurchase(bundle: Bundle) -> Iterator[Finding]:
    """What has no days would be due for ever, and less than nothing would be bought again."""
    known = bundle.renewal
    for name, numbers, least in (
        ("cycles.days", bundle.cycles.days, np.nextafter(np.float32(0), np.float32(1))),
        ("renewal.shares", known.shares, 0),
        ("renewal.hazard", known.hazard, 0),
        ("renewal.timing", known.timing, 0),
    ):
        bad = int((numbers < least).sum())
        if bad:
            yield _wrong(
                "repurchase", f"{name}: {bad} of {numbers.size} are below what can be", bad
            )
    groups = len(known.hazard)
    if len(known.group) and not 0 <= int(known.group.min()) <= int(known.group.max()) < groups:
        yield _wrong("rows", f"renewal.group: names rows outside of the {groups} that there are")


def _rising(found: Candidates) -> bool:
    return bool((np.diff(found.scores) > 0).any())


def _probes(vectors: Vectors) -> Vectors:
    asked = np.flatnonzero(vectors.any(axis=1))
    places = np.linspace(0, len(asked) - 1, min(PROBES, len(asked))).astype(np.int64)
    found: Vectors = np.ascontiguousarray(vectors[asked[places]])
    return found


def _index(bundle: Bundle, wanted: float) -> Iterator[Finding]:
    """The index must find what a scan of the factors finds, else it holds others.

    As customers ask, who are what its recall was measured for; of zeros nothing can be found.
    """
    factors: Vectors = bundle.factors.indexed
    probes = _probes(bundle.factors.customer)
    if not len(probes):
        probes = _probes(factors)
    depth = min(PROBE_DEPTH, len(factors))
    scores = probes @ factors.T
    least = -np.sort(-scores, axis=1)[:, depth - 1 : depth]
    rows_found, _ = bundle.item_index.search_many(probes, depth)
    reached = np.take_along_axis(scores, np.maximum(rows_found, 0), 1)
    slack = 1e-2 * np.abs(scores).max(1, keepdims=True)  # of half floats
    found = (rows_found >= 0) & (reached >= least - slack)
    recall = float(found.mean()) if found.size else 1.0
    if recall < wanted:
        said = f"finds {recall:.0%} of what a scan of the item factors finds; are they its own?"
        yield _wrong("index", said, recall)
