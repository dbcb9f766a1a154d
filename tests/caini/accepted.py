"""What a store has accepted, and bundles that hold some of it: for what reads the store."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.events import EventType
from engine.happened import Happened
from serving.settings import Settings
from serving.store.address import parse
from serving.store.packing import tail_events
from serving.store.store import Accepting, Store
from tests.worlds import bundle
from training.publish import publish

NOW = 1_790_000_000_000


def in_store(settings: Settings, work):  # type: ignore[no-untyped-def]
    async def story():  # type: ignore[no-untyped-def]
        assert settings.redis_url is not None
        address = parse(settings.redis_url.get_secret_value())
        store = Store(address, settings.shop, read_s=5, write_s=5)
        await store.start()
        try:
            return await work(store)
        finally:
            await store.stop()

    return asyncio.run(story())


def accept(settings: Settings, *events: Happened) -> list[bytes | None]:
    return in_store(settings, lambda store: store.accept([Accepting(event) for event in events]))  # type: ignore[no-any-return]


def bought(number: int, customer: str = "ann", **more: object) -> Happened:
    fields = {"item_id": "茶", "unit_price_minor": 250, "order_id": f"o{number}"} | more
    return Happened(f"p{number}", EventType.PURCHASE, NOW + number, customer, **fields)  # type: ignore[arg-type]


def published(bundles: Path, number: int, through: str) -> None:
    made = bundle()
    manifest = made.manifest.model_copy(update={"created_at": number, "stream_through": through})
    scores = made.popular.scores + np.float32(number)
    publish(replace(made, manifest=manifest, popular=replace(made.popular, scores=scores)), bundles)


def tail_of(settings: Settings, customer: str) -> list[str]:
    async def read(store: Store) -> list[str]:
        held = (await store.read(customer, None)).customer
        return [event.event_id for event in tail_events(held)]

    return in_store(settings, read)  # type: ignore[no-any-return]


def stream_of(settings: Settings) -> int:
    length = in_store(settings, lambda store: store.ask(("XLEN", store.keys.events)))
    return int(length[0])
