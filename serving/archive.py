"""What the archive needs of a store: a running one or its own, for as long as the work takes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from engine.customers.tombstones import Tombstones
from engine.happened import Happened
from engine.types import DAY_MS
from serving.settings import Settings
from serving.store.address import Address, parse
from serving.store.embedded import EmbeddedRedis
from serving.store.packing import StreamId, stream_id
from serving.store.people import tombstones_of
from serving.store.purge import Purged, purge
from serving.store.reading import Cut, Page, cut, pages_after, store_now_ms
from serving.store.store import Store

PATIENCE_S: Final = 30.0  # guess: nobody waits for this but a schedule
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Accepted:
    """Some of the accepted events, in the order of acceptance."""

    events: tuple[Happened, ...]
    unknown: tuple[bytes, ...]
    through: str  # stream id of the last


def read_accepted(settings: Settings, after: str, take: Callable[[Accepted], None]) -> None:
    """Hand over what was accepted after the stream id `after`, piece by piece. Or StoreError."""

    async def read(store: Store) -> None:
        async for page in pages_after(store, stream_id(after)):
            take(_accepted(page))

    _with_store(settings, read)


def cut_accepted(settings: Settings, through: str, older_than_days: float) -> Cut:
    """Drop what lies up to `through` and is older than so many days, see `cut`."""

    async def shorten(store: Store) -> Cut:
        old = StreamId(await store_now_ms(store) - round(older_than_days * DAY_MS), 0)
        return await cut(store, min(stream_id(through), old))

    return _with_store(settings, shorten)


def _accepted(page: Page) -> Accepted:
    return Accepted(page.events, page.unknown, str(page.through))


def earliest(stream_ids: list[str]) -> str:
    return str(min(map(stream_id, stream_ids)))


def _with_store(settings: Settings, work: Callable[[Store], Awaitable[Told]]) -> Told:
    async def run(address: Address) -> Told:
        store = Store(address, settings.shop, read_s=PATIENCE_S, write_s=PATIENCE_S)
        await store.start()
        try:
            return await work(store)
        finally:
            await store.stop()

    with _address(settings) as address:
        return asyncio.run(run(address))


@contextlib.contextmanager
def _address(settings: Settings) -> Iterator[Address]:
    """The given Redis; else that of the data folder, which the server runs if it lives."""
    if settings.redis_url is not None:
        yield parse(settings.redis_url.get_secret_value())
        return
    redis = EmbeddedRedis(
        settings.data, server=settings.redis_server, start_s=settings.redis_start_s
    )
    try:
        yield redis.start()
    finally:
        redis.stop()


def erase_accepted(settings: Settings) -> tuple[Tombstones, Purged]:
    """Who was erased, and what of them left the stream just now."""

    async def work(store: Store) -> tuple[Tombstones, Purged]:
        erased = await tombstones_of(store)
        return erased, await purge(store, erased)

    return _with_store(settings, work)
