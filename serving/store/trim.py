"""Which entries of a long tail may go: browsing, oldest first. Who someone is stays.

Of browsing only the newest matters; the stream keeps it all for training.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from engine.events import BROWSING
from serving.store.packing import stream_id

KEPT_SHARE: Final = 0.9  # guess: trimming below the limit makes the next trim rare


MOST_LIMITS: Final = 4  # decision: 4,000 events cost a request about 0.1 s, see docs/signals.md
LEAST_SHARE: Final = 0.1  # guess: of the limit, for browsing where all else fills the tail


def too_long(length: int, limit: int) -> bool:
    """To be looked at: not at each event of a tail that may stay long, but at each tenth part."""
    return length > limit and length % max(limit // 10, 1) == 0


def droppable(entries: Mapping[bytes, bytes], limit: int) -> list[bytes]:
    """Fields to drop so that about nine tenths of `limit` stay; none for a tail within it.

    However much else there is, a tenth of `limit` of the newest browsing stays.
    """
    excess = len(entries) - int(limit * KEPT_SHARE)
    if len(entries) <= limit:
        return []
    browsing = [
        (stream_id(accepted), field)
        for field, entry in entries.items()
        if not (accepted := entry.partition(b" ")[0]).endswith(b"*") and _browsing(entry)
    ]
    most = max(len(browsing) - int(limit * LEAST_SHARE), 0)
    return [field for _, field in sorted(browsing)[: min(excess, most)]]


def _browsing(entry: bytes) -> bool:
    return orjson.loads(entry.partition(b" ")[2])["type"] in BROWSING
