"""One slot filled for every customer, as a table."""

from collections.abc import Callable, Set
from pathlib import Path

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.slots import SlotPlan
from engine.types import Rows
from training.slates import SOURCES, Slates, slates_by_block
from training.whole_file import whole


def write_batch(
    bundle: Bundle,
    plan: SlotPlan,
    n: int,
    out: Path,
    *,
    leave_out: Set[str] = frozenset(),
    processes: int = 2,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Writes customer_id, position (1 is first), item_id, score, source; says how many lines.

    Customers of the ids in `leave_out` get none. `progress` is told how many more
    customers are done, after each block of them.
    """
    item_ids = pl.Series("item_id", bundle.items.ids(range(len(bundle.items))), pl.String)
    left_out = bundle.customers.rows(sorted(leave_out))
    everybody = np.setdiff1d(np.arange(len(bundle.customers), dtype=np.int32), left_out)
    parts, done = [], 0
    for slates in slates_by_block(everybody, plan, bundle, n, processes=processes):
        rows = everybody[done : done + len(slates.rows)]
        parts.append(_table(bundle, rows, slates, item_ids))
        progress(len(rows))
        done += len(rows)
    table = pl.concat(parts)
    with whole(out) as unfinished:
        table.write_parquet(unfinished)
    return table.height


def _table(bundle: Bundle, customers: Rows, slates: Slates, item_ids: pl.Series) -> pl.DataFrame:
    lines, places = np.nonzero(slates.rows >= 0)
    ids = pl.Series("customer_id", bundle.customers.ids(customers.tolist()), pl.String)
    sources = pl.Series("source", SOURCES, pl.String)
    return pl.DataFrame(
        {
            "customer_id": ids.gather(lines),
            "position": (places + 1).astype(np.int32),
            "item_id": item_ids.gather(slates.rows[lines, places]),
            "score": slates.scores[lines, places],
            "source": sources.gather(slates.sources[lines, places]),
        }
    )
