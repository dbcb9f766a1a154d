"""Where candidates come from: plain functions, and one table that names them as sources."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle, Factors
from engine.customers.consent import personal
from engine.customers.newcomers import from_referrer as referrer_items
from engine.item_history import latest_part
from engine.query import Query
from engine.sessions import nearest_sessions, with_lists
from engine.top import best, reach, sum_lists, summed
from engine.types import (
    NO_CANDIDATES,
    NO_ROWS,
    Candidates,
    ItemHistory,
    Lists,
    Rows,
    Scores,
    Vector,
)
from engine.words import words_of

SESSION_DECAY: Final = 0.8  # weight of each older item of a session; guess, see bench/session

ALIKE: Final = 1e-3  # of a best seller's demand beside a word's rarity, which is about 1 to 8

SHORTEST: Final = 1e-9  # factors of an item that nobody has touched are zeros

Retriever = Callable[[Query, Bundle, int], Candidates]


def similar(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """Items that the customer's whole history points to, by the folded item-to-item list."""
    history = latest_part(query.history, bundle.shop.interactions.history_limit)
    return sum_lists(bundle.similar, history.rows, history.weights, depth)


def session(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What others looked at next after the last few items; where few did, also what goes with them.

    Among it those items themselves: a fifth of all clicks go back (diginetica).
    """
    found = nearest_sessions(bundle.sessions, query.recent, depth)
    if len(found) >= depth:
        return found
    return with_lists(found, _by_position(bundle.similar, query.recent, depth), depth)


def context(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """Items like those the page is about, where that is no chance."""
    return _by_position(bundle.alike, query.context, depth)


def bought_together(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What others put in the same basket as the cart, or as the page's items where it is empty."""
    return _by_position(bundle.bought_together, query.basket, depth)


def _by_position(lists: Lists, rows: Rows, depth: int) -> Candidates:
    return sum_lists(lists, rows, by_position(len(rows)), depth)


def by_position(count: int) -> Scores:
    """What each of the last few items weighs, the newest first."""
    weights: Scores = SESSION_DECAY ** np.arange(count, dtype=np.float32)
    return weights


def als(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """Nearest items to the customer's factors, folded in where the history is newer than they."""
    vector = taste(query, bundle)
    return NO_CANDIDATES if vector is None else bundle.item_index.search(vector, depth)


def taste(query: Query, bundle: Bundle) -> Vector | None:
    """None without evidence."""
    if query.customer_row >= 0 and not query.fresh:
        stored: Vector = bundle.factors.customer[query.customer_row]
        return stored if stored.any() else None
    history = latest_part(query.history, bundle.shop.interactions.history_limit)
    return _fold_in(history, bundle.factors) if (history.weights > 0).any() else None


def _fold_in(history: ItemHistory, factors: Factors) -> Vector:
    """The customer's half of one ALS step. Source: Hu, Koren, Volinsky 2008, equation 4."""
    alpha, regularization = factors.fold.tolist()
    liked = history.weights > 0
    vectors = factors.item[history.rows[liked]]
    extra = alpha * history.weights[liked]  # confidence is 1 + extra
    left = factors.gram + (vectors.T * extra) @ vectors
    left[np.diag_indices_from(left)] += regularization
    solved: Vector = np.linalg.solve(left, vectors.T @ (1 + extra))
    return solved


def nearest(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """Items near those the page is about in what customers make of them: by their factors.

    It knows neighbours also for an item whose list is short or empty.
    """
    if not len(query.context):
        return NO_CANDIDATES
    vectors = bundle.factors.item[query.context]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vector: Vector = (vectors / np.maximum(lengths, SHORTEST)).sum(axis=0)
    found = bundle.item_index.search(vector, depth)
    liked = np.count_nonzero(found.scores > 0)
    return Candidates(found.rows[:liked], found.scores[:liked])


def again(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What the customer buys most often, lately counting more."""
    bought = query.history.bought > 0
    return best(query.history.rows[bought], query.history.frequency[bought], depth)


def due(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What the customer will probably buy again within `horizon_days`."""
    return query.supplies.candidates(depth)


def searched(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """Items whose title or category holds the words of the search, rare words counting more.

    Among those that match alike, what sells more comes first.
    """
    rows, matched = matching(query, bundle)
    scores = matched + ALIKE * bundle.demand.take(rows)
    return best(rows, scores.astype(np.float32), depth)


def matching(query: Query, bundle: Bundle) -> tuple[Rows, NDArray[np.float64]]:
    """All items that hold words of the search, ascending, and how much of it."""
    words = bundle.words.words.rows(words_of(query.search or ""))
    words = words[words >= 0]
    if not len(words):
        return NO_ROWS, np.empty(0)
    return summed(bundle.words.items, words, np.ones(len(words), np.float32), reach(len(words)))


def popular(query: Query, bundle: Bundle, depth: int) -> Candidates:
    return _first(bundle.popular_level, depth)


def popular_in_category(query: Query, bundle: Bundle, depth: int) -> Candidates:
    code = -1 if query.category is None else query.category
    return bundle.popular_by_category.of(code, depth)


def popular_in_segment(query: Query, bundle: Bundle, depth: int) -> Candidates:
    return bundle.popular_by_segment.of(query.segment, depth)


def new_arrivals(query: Query, bundle: Bundle, depth: int) -> Candidates:
    return Candidates(bundle.new_arrivals.rows[:depth], bundle.new_arrivals.scores[:depth])


def on_sale(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What costs less than its list price now, recent demand first."""
    return _first(bundle.popular_on_sale, depth)


def content(query: Query, bundle: Bundle, depth: int) -> Candidates:
    return _first(bundle.popular_content, depth)


def service(query: Query, bundle: Bundle, depth: int) -> Candidates:
    return _first(bundle.popular_services, depth)


def _first(found: Candidates, depth: int) -> Candidates:
    return Candidates(found.rows[:depth], found.scores[:depth])


def from_referrer(query: Query, bundle: Bundle, depth: int) -> Candidates:
    """What the one who brought a newcomer bought (F3), as of the training.

    Nothing of a referrer who had opted out by then. The server leaves out who was erased since.
    """
    referrer = query.customer.referrer_id
    row = bundle.customers.row(referrer) if referrer and query.customer.personal else -1
    if row < 0 or not personal(bundle.snapshot.history_of(row)):
        return NO_CANDIDATES
    return referrer_items(bundle.customer_items.of(row), depth)


RETRIEVERS: Final[Mapping[str, Retriever]] = {
    "similar": similar,
    "session": session,
    "context": context,
    "bought_together": bought_together,
    "als": als,
    "nearest": nearest,
    "again": again,
    "due": due,
    "searched": searched,
    "popular": popular,
    "popular_in_category": popular_in_category,
    "popular_in_segment": popular_in_segment,
    "new_arrivals": new_arrivals,
    "on_sale": on_sale,
    "content": content,
    "service": service,
    "from_referrer": from_referrer,
}
