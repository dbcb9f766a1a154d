"""A store of a shop of its own, and events of one line."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from typing import Any

from engine.events import EventType
from engine.happened import Happened
from serving.store.address import Address
from serving.store.packing import tail_events
from serving.store.store import Accepting, Store

SHOPS = itertools.count()
NOW = 1_790_000_000_000


def told(story: Callable[[Store], Awaitable[Any]], address: Address, **settings: Any) -> Any:
    """What `story` gives with a started store of a shop of its own."""

    async def tell() -> Any:
        store = Store(
            address, f"shop{next(SHOPS)}-{os.getpid()}", **{"read_s": 5, "write_s": 5, **settings}
        )
        await store.start()
        try:
            return await story(store)
        finally:
            await store.stop()

    return asyncio.run(tell())


def view(number: int, customer: str | None = "ann", visitor: str | None = None) -> Happened:
    return Happened(
        f"v{number}", EventType.VIEW, NOW + number, customer, visitor, item_id=f"i{number}"
    )


def purchase(number: int, customer: str = "ann", at: int = NOW) -> Happened:
    return Happened(
        f"p{number}",
        EventType.PURCHASE,
        at,
        customer,
        item_id="milk",
        unit_price_minor=100,
        order_id=f"o{number}",
    )


def referral(number: int, customer: str, referrer: str, at: int = NOW) -> Happened:
    properties = {"referrer_id": referrer}
    return Happened(f"r{number}", EventType.REFERRAL, at, customer, properties=properties)


async def accept(store: Store, *events: Happened) -> list[bytes | None]:
    return await store.accept([Accepting(event) for event in events])


async def tail_of(store: Store, customer: str) -> tuple[Happened, ...]:
    return tail_events((await store.read(customer, None)).customer, customer_id=customer)
