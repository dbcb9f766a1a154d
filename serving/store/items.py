"""What the shop says of its items between trainings, numbered so that workers can follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from serving.store.connection import Command
from serving.store.scripts import CHANGE_ITEM, CHANGES_AFTER
from serving.store.store import Store

AT_ONCE: Final = 1_000  # guess: about 100 kB a trip
FOLLOW_S: Final = 0.25  # decision: a request that finds changes waits this long at most


@dataclass(frozen=True, slots=True)
class ItemChanges:
    changes: Sequence[tuple[str, bytes]]  # item id, JSON of what changed
    count: int  # the number of the last of them
    complete: bool


async def change_items(store: Store, changes: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """The number of the last change; each item's change is one step of its own."""
    keys = (store.keys.changes, store.keys.change_order, store.keys.change_count)
    calls: list[Command] = [
        ("3", *keys, item_id, orjson.dumps(_exact(change))) for item_id, change in changes
    ]
    return max(await store.run(CHANGE_ITEM, calls), default=0)


def _exact(change: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers as text: the store's JSON keeps 14 digits of a number, and all of a text."""
    return {name: str(value) if type(value) is int else value for name, value in change.items()}


async def changes_after(store: Store, count: int, limit: int = AT_ONCE) -> ItemChanges:
    keys = (store.keys.changes, store.keys.change_order)
    calls: list[Command] = [("2", *keys, count, limit)]
    (reply,) = await store.run(CHANGES_AFTER, calls, timeout_s=FOLLOW_S)
    changes = [(reply[i].decode(), reply[i + 1]) for i in range(0, len(reply), 3)]
    last = int(reply[-1]) if reply else count
    return ItemChanges(changes, last, complete=len(changes) < limit)
