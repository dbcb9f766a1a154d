"""The ASGI application of one worker: edge → hot calls → FastAPI."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import structlog
from starlette.types import ASGIApp

from engine.bundle import Bundle
from engine.errors import StoreError
from engine.shop import ShopConfig, untrained
from engine.shop_folder import read_folder
from engine.slots import Slots
from serving.api import build_api
from serving.auth import LOOK_S, KeyRing
from serving.bundles import Bundles
from serving.clock import log_clock, wall
from serving.consents import Consents
from serving.drain import Drain
from serving.edge import Edge
from serving.hot import Hot
from serving.identity import restore_people
from serving.intake import accepting
from serving.logs import configure
from serving.metrics import Metrics, build_metrics
from serving.person import Erasures
from serving.settings import Settings
from serving.shop import Shop, begin_anew
from serving.store.address import Address, parse
from serving.store.binary import die_with_parent
from serving.store.link import LinkState
from serving.store.replay import needs_replay, replay
from serving.store.store import LinkName, Store
from serving.warm import warm_up

RETRY_S: Final = 1.0


def build_app(settings: Settings, parent: int | None = None) -> ASGIApp:
    """What uvicorn runs in each worker; `parent` is the supervisor that it must not outlive."""
    tie = die_with_parent(parent) if parent is not None else None
    if tie is not None:
        tie()
    configure(settings.log_level)
    shop = build_shop(settings)
    shop.bundles.load_first()
    return open_shop(shop)


def open_shop(shop: Shop) -> ASGIApp:
    """The layers around a shop whose bundle is loaded; the store is met when the app starts."""
    return Edge(Hot(build_api(shop, alive), shop), shop.metrics, shop.drain, shop.keys)


def build_shop(settings: Settings) -> Shop:
    metrics = build_metrics()
    config, slots = read_folder(settings.config)
    assert settings.redis_url is not None, "serving.run starts a private one where none is given"
    bundles = _bundles(settings, slots, config, metrics)
    return Shop(
        settings=settings,
        slots=slots,
        store=_store(settings, parse(settings.redis_url.get_secret_value()), metrics),
        bundles=bundles,
        metrics=metrics,
        now=wall if settings.clock == "wall" else log_clock(bundles),
        catching_up=asyncio.Lock(),
        erasures=Erasures(),
        consents=Consents(),
        drain=Drain(settings.drain_delay_s),
        keys=KeyRing(settings.keys),
    )


def _store(settings: Settings, address: Address, metrics: Metrics) -> Store:
    def told(link: LinkName, state: LinkState) -> None:
        metrics.store_changes.labels(link, state).inc()
        if link == "read":
            metrics.store_up.set(state == "up")
        log = structlog.get_logger()
        (log.info if state == "up" else log.warning)("store", link=link, state=state)

    return Store(
        address,
        settings.shop,
        read_s=settings.store_read_ms / 1000,
        write_s=settings.store_write_ms / 1000,
        visitor_days=settings.visitor_days,
        tail_limit=settings.tail_limit,
        on_change=told,
    )


def _bundles(settings: Settings, slots: Slots, config: ShopConfig, metrics: Metrics) -> Bundles:
    def told(result: str, bundle: Bundle | None) -> None:
        metrics.bundle_loads.labels(result).inc()
        if bundle is not None:
            metrics.bundle_watermark.set(bundle.manifest.watermark / 1000)
            metrics.bundle_created.set(bundle.manifest.created_at / 1000)
            if sections := untrained(config, bundle.shop, bundle.manifest.search):
                log = structlog.get_logger()
                log.warning("untrained settings", version=bundle.version, sections=sections)

    return Bundles(
        settings.bundles,
        warm=lambda bundle: warm_up(bundle, slots, settings.warm_requests),
        on_load=told,
        check_s=settings.bundle_check_s,
    )


@contextlib.asynccontextmanager
async def alive(shop: Shop) -> AsyncIterator[None]:
    """From the store's first answer to our last one: what runs beside a worker's requests."""
    await shop.store.start()
    if not await _settle(shop):
        shop.store.came_up.set()  # and again, beside the requests
    beside = [
        asyncio.create_task(_kept(shop, "bundles", shop.bundles.watch)),
        asyncio.create_task(_kept(shop, "store", lambda: _follow_store(shop))),
        asyncio.create_task(_kept(shop, "links", lambda: _follow_links(shop))),
        asyncio.create_task(_kept(shop, "consents", lambda: _follow_consents(shop))),
        asyncio.create_task(_kept(shop, "keys", lambda: _follow_keys(shop))),
    ]
    try:
        with shop.drain.on_sigterm():
            version = shop.bundles.live.bundle.version
            structlog.get_logger().info("ready", bundle=version, durable=shop.store.durable)
            yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await shop.store.stop()


async def _kept(shop: Shop, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """What runs beside the requests goes on after a fault of its own."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it was, the next bundle must not wait for a restart
            shop.metrics.faults.inc()
            structlog.get_logger().exception("task failed", task=name)
            await asyncio.sleep(RETRY_S)


async def _follow_store(shop: Shop) -> None:
    while True:
        await shop.store.came_up.wait()
        if not await _settle(shop) and shop.store.up:  # else it is tried when the store comes up
            await asyncio.sleep(RETRY_S)
            shop.store.came_up.set()


async def _follow_links(shop: Shop) -> None:
    """A new bundle may know links that no server was told."""
    taken = shop.bundles.live.bundle.version
    while True:
        await asyncio.sleep(shop.settings.bundle_check_s)
        version = shop.bundles.live.bundle.version
        if version != taken:
            with contextlib.suppress(StoreError):  # else at the next turn
                await restore_people(shop)
                taken = version


async def _follow_consents(shop: Shop) -> None:
    """What other workers accepted is known here before the store may fail."""
    while True:
        await asyncio.sleep(shop.settings.bundle_check_s)
        with contextlib.suppress(StoreError):  # else at the next turn
            await _learn_consents(shop)


async def _learn_consents(shop: Shop) -> None:
    await shop.consents.follow(shop.store, shop.bundles.live, shop.erasures.known)


async def _follow_keys(shop: Shop) -> None:
    """A file that has become wrong is told within a second, whether anybody calls or not."""
    while True:
        shop.keys.look(time.time())
        shop.metrics.keys_stale.set(shop.keys.stale)
        await asyncio.sleep(LOOK_S)


async def _settle(shop: Shop) -> bool:
    """After the store came up: it may be another one, or have lost what it held.

    False when it did not answer to the end.
    """
    shop.store.came_up.clear()
    try:
        await shop.store.durability()
        if await needs_replay(shop.store):
            bundle = shop.bundles.live.bundle
            folded = await replay(shop.store, lambda event: accepting(bundle, event))
            structlog.get_logger().info("stream folded", events=folded)
        await shop.erasures.learn(shop.store)
        await restore_people(shop)
        await begin_anew(shop)
        await _learn_consents(shop)
    except StoreError as error:
        structlog.get_logger().warning("store not settled", reason=str(error))
        return False
    return True
