"""Where ALS starts when the last bundle knows most of the same items: near its end.

Only what is published starts warm. What is measured must not: the last bundle was fitted on the
very events that the hold-out asks about.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.consent import personal
from engine.customers.identity import customer_node, id_of, visitor_node
from engine.events import BROWSING
from engine.types import Rows, Vectors
from training.assemble import Source
from training.consent import opted_out
from training.interactions import Interactions
from training.models.als import AlsConfig, Start

OVERLAP: Final = 0.5  # decision: share of the items that the last bundle must know
SPREAD: Final = 0.01  # of what is new, as implicit draws it


def may_start(last: Bundle, source: Source) -> bool:
    """False where the last bundle learned from somebody who was erased since, or who is opted out
    by now: what they did must not live on in where the next bundle starts.

    When they said it is not asked: a line may come late, and a link makes one id's no another's.
    """
    if last.manifest.erasures != dict(source.header.erasures):
        return False
    out, links = opted_out(source.log), source.identity.links
    roots = set(map(customer_node, out.customers))
    linked = [node for node in links if source.identity.root(node) in roots]
    nodes = sorted({*roots, *map(visitor_node, out.visitors), *linked})
    rows = [_row_in(last, node) for node in nodes]
    if any(personal(last.snapshot.history_of(row)) for row in set(rows) - {-1}):
        return False
    strangers = [
        id_of(node) for node, row in zip(nodes, rows, strict=True) if row < 0 and node[0] == "v"
    ]
    return not _met(strangers, last, source)


def _row_in(last: Bundle, node: str) -> int:
    """Of the customer whom the last bundle took an id for; -1 for nobody."""
    root = last.linked.identity(node).root(node)
    if root[0] == "c":
        return last.customers.row(id_of(root))
    place = last.visitors.ids.row(id_of(root))
    return -1 if place < 0 else int(last.visitors.customers[place])


def _met(visitors: Sequence[str], last: Bundle, source: Source) -> bool:
    """Whether the last bundle may have learned from one of them, as from a stranger.

    Without a link only their browsing is the customer's: what else they did is nobody's, now too.
    """
    log = source.log if source.raw is None else source.raw
    linked = [each for each in visitors if visitor_node(each) in source.identity.links]
    name, kind = pl.col("visitor_id"), pl.col("type")
    theirs = name.is_in(linked) | (name.is_in(visitors) & kind.is_in(sorted(BROWSING)))
    then = pl.col("at").dt.epoch("ms") <= last.manifest.watermark
    nobody = pl.col("customer_id").is_null() & pl.col("item_id").is_not_null()
    return bool(len(log.filter(theirs & then & nobody).head(1).collect()))


def start_of(last: Bundle, data: Interactions, config: AlsConfig, seed: int) -> Start | None:
    """The factors of the last bundle in the rows of `data`; what it does not know is drawn.

    None where too few items are known, or factors are as many as they were no more.
    """
    items = last.items.rows(data.item_ids)
    known = int((items >= 0).sum())
    if last.factors.item.shape[1] != config.factors or known < max(OVERLAP * len(items), 1):
        return None
    rng = np.random.default_rng(seed)
    customers = np.full(data.n_rows, -1, np.int32)
    customers[: data.n_customers] = last.customers.rows(data.customer_ids)
    return Start(
        items=_placed(last.factors.item, items, rng),
        rows=_placed(last.factors.customer, customers, rng),
    )


def _placed(known: Vectors, places: Rows, rng: np.random.Generator) -> Vectors:
    """Of whom the last bundle knew the id and nothing else, it has zeros: a line that begins there
    finds no way out together with others like it, so it is drawn too.
    """
    drawn = rng.random((len(places), known.shape[1]), dtype=np.float32) * np.float32(SPREAD)
    found = places >= 0
    found[found] = known[places[found]].any(axis=1)
    drawn[found] = known[places[found]]
    return drawn
