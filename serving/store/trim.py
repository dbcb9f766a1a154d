"""Which entries of a long tail may go: browsing, oldest first. Who someone is stays."""

from collections.abc import Mapping
from typing import Final

import orjson

from engine.events import EventType
from serving.store.packing import stream_id

BROWSING: Final = frozenset(
    {
        EventType.VIEW,
        EventType.CLICK,
        EventType.FAVOURITE,
        EventType.CART,
        EventType.UNCART,
        EventType.IMPRESSION,
        EventType.SEARCH,
        EventType.MESSAGE_OPEN,
        EventType.MESSAGE_CLICK,
        EventType.STORE_VISIT,
    }
)
"""Types of which only the newest matter; the stream keeps them all for training."""

KEPT_SHARE: Final = 0.9  # guess: trimming below the limit makes the next trim rare


def droppable(entries: Mapping[bytes, bytes], limit: int) -> list[bytes]:
    """Fields to drop so that about nine tenths of `limit` stay; none for a tail within it."""
    excess = len(entries) - int(limit * KEPT_SHARE)
    if len(entries) <= limit:
        return []
    browsing = [
        (stream_id(accepted), field)
        for field, entry in entries.items()
        if not (accepted := entry.partition(b" ")[0]).endswith(b"*") and _browsing(entry)
    ]
    return [field for _, field in sorted(browsing)[:excess]]


def _browsing(entry: bytes) -> bool:
    return orjson.loads(entry.partition(b" ")[2])["type"] in BROWSING
