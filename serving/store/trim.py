"""Which entries of a long tail may go: browsing, oldest first. Who someone is stays.

Of browsing only the newest matters; the stream keeps it all for training.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from engine.events import BROWSING
from serving.store.packing import stream_id

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
