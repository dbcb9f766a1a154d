"""The table of past sessions that `engine.sessions` asks."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.config import Config
from engine.sessions import LONGEST, Sessions
from engine.types import Instants, Offsets, Rows
from training.interactions import Interactions
from training.ragged import offsets_of, rows_of

MINUTE_MS = 60_000
Places = NDArray[np.int64]


class SessionsConfig(Config):
    gap_minutes: float = Field(default=30, gt=0)  # convention of web analytics
    longest: int = Field(default=LONGEST, ge=2, le=LONGEST)  # latest events that are kept
    per_item: int = Field(default=50, ge=1)  # newest sessions by item: as good as 500 (measured)
    most: int = Field(default=1_000_000, ge=1)  # newest sessions in all: bounds the memory
    rarity_exponent: float = Field(default=0.75, ge=0)  # measured on diginetica


def fit(data: Interactions, config: SessionsConfig) -> Sessions:
    """Sessions of all rows, customers or not, that hold at least two events.

    None of a log without times, where nothing comes before anything.
    """
    if data.timeless:
        return table(np.zeros(1, np.int64), np.empty(0, np.int32), data.n_items, config)
    events = data.events
    starts = _starts(events.rows, events.at, config.gap_minutes)
    lengths = np.diff(np.append(starts, len(events.rows)))
    kept = np.flatnonzero(lengths >= 2)
    ended = events.at[starts[kept] + lengths[kept] - 1]
    kept = kept[np.argsort(ended, kind="stable")][-config.most :]
    sizes = np.minimum(lengths[kept], config.longest)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    firsts = starts[kept] + lengths[kept] - sizes
    places = np.arange(offsets[-1]) + np.repeat(firsts - offsets[:-1], sizes)
    return table(offsets, events.items[places], data.n_items, config)


def table(offsets: Offsets, items: Rows, n_items: int, config: SessionsConfig) -> Sessions:
    """From sessions in the order of time. A session that no item remembers is never asked."""
    n_sessions = len(offsets) - 1
    owners = rows_of(offsets)
    keys = items.astype(np.int64) * n_sessions + (n_sessions - 1 - owners)
    order = np.argsort(keys, kind="stable")
    ends = np.flatnonzero(np.diff(keys[order], append=-1))
    lasts = order[ends]  # where the session saw the item last
    of_item = items[lasts]
    counts = np.bincount(of_item, minlength=n_items)
    begins = offsets_of(of_item, n_items)[of_item]
    newest = np.arange(len(lasts)) - begins < config.per_item
    rarity = np.log1p(n_sessions / np.maximum(counts, 1)) ** config.rarity_exponent
    holders = owners[lasts][newest]
    return Sessions(
        offsets,
        items,
        offsets_of(of_item[newest], n_items),
        holders,
        (lasts[newest] - offsets[holders]).astype(np.int32),
        rarity.astype(np.float32),
    )


def _starts(rows: Rows, at: Instants, gap_minutes: float) -> Places:
    """Where a session begins: another row, or a silence."""
    if not len(rows):
        return np.empty(0, np.int64)
    silent = at[1:] - at[:-1] > gap_minutes * MINUTE_MS
    return np.flatnonzero(np.concatenate(([True], (rows[1:] != rows[:-1]) | silent)))
