"""Where ALS starts when the last bundle knows most of the same items: near its end.

Only what is published starts warm. What is measured must not: the last bundle was fitted on the
very events that the hold-out asks about.
"""

from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.types import Rows, Vectors
from training.assemble import Source
from training.consent import SAYS_CONSENT
from training.interactions import Interactions
from training.models.als import AlsConfig, Start

OVERLAP: Final = 0.5  # decision: share of the items that the last bundle must know
SPREAD: Final = 0.01  # of what is new, as implicit draws it


def may_start(last: Bundle, source: Source) -> bool:
    """False where somebody was erased, or said anything of consent, since: what they did must not
    live on in where the next bundle starts.
    """
    if last.manifest.erasures != dict(source.header.erasures):
        return False
    later = pl.col("at").dt.epoch("ms") > last.manifest.watermark
    return not len(source.log.filter(later & SAYS_CONSENT).head(1).collect())


def start_of(last: Bundle, data: Interactions, config: AlsConfig, seed: int) -> Start | None:
    """The factors of the last bundle in the rows of `data`; what it does not know is drawn.

    None where too few items are known, or factors are as many as they were no more.
    """
    items = last.items.rows(data.item_ids)
    if last.factors.item.shape[1] != config.factors or (items >= 0).mean() < OVERLAP:
        return None
    rng = np.random.default_rng(seed)
    customers = np.full(data.n_rows, -1, np.int32)
    customers[: data.n_customers] = last.customers.rows(data.customer_ids)
    return Start(
        items=_placed(last.factors.item, items, rng),
        rows=_placed(last.factors.customer, customers, rng),
    )


def _placed(known: Vectors, places: Rows, rng: np.random.Generator) -> Vectors:
    drawn = rng.random((len(places), known.shape[1]), dtype=np.float32) * np.float32(SPREAD)
    found = places >= 0
    drawn[found] = known[places[found]]
    return drawn
