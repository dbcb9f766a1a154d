"""The live bundle: follow the pointer, verify, load and warm beside the old one, swap, let go.

A request takes `live` once and works on it to the end. Whatever goes wrong with a new bundle, the
old one keeps serving.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.by_category import recategorised
from engine.catalogue import UNKNOWN, ItemChange, apply_changes
from engine.errors import BundleError
from serving.pointer import pointed, pointed_or_nothing, version_folder, versions_by_age
from serving.store.packing import StreamId, stream_id

MAX_CARDS: Final = 20_000  # guess: about 5 MB
YOUNG: Final = 20_000  # values before a collection; a request makes some thousands, and no circles
RETRY_S: Final = 10.0  # guess: for faults of the disk that pass; a bad bundle stays bad
Warm = Callable[[Bundle], None]


class Card(NamedTuple):
    """What every answer says of an item."""

    item_id: str
    title: str | None
    price_minor: int  # UNKNOWN without a price
    price: float | None  # in the shop's currency
    name: str  # the title, else the id


@dataclass(frozen=True, slots=True)
class Live:
    """What one request works on: a bundle with the shop's changes of items laid over it."""

    bundle: Bundle
    through: StreamId  # events accepted up to here are in the bundle
    degraded: tuple[str, ...] = ()
    cards: dict[int, Card] = field(default_factory=dict)  # those asked for lately, by item row

    def card(self, row: int) -> Card:
        """Kept, because a few hundred items fill most slates; dropped with the bundle."""
        card = self.cards.get(row)
        if card is None:
            catalogue, shop = self.bundle.catalogue, self.bundle.shop.shop
            minor = int(catalogue.price_minor[row])
            price = None if minor == UNKNOWN else major(minor, shop.minor_units)
            item_id, title = self.bundle.items.id(row), catalogue.titles[row]
            card = Card(item_id, title or None, minor, price, title or item_id)
            if len(self.cards) >= MAX_CARDS:
                self.cards.clear()
            self.cards[row] = card
        return card


@dataclass(frozen=True, slots=True)
class Tried:
    """A pointer's text that was not taken up, and when."""

    version: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes of items since any training, by item, up to number `count`."""

    count: int = 0
    by_item: Mapping[str, ItemChange] = field(default_factory=dict)


class Bundles:
    """Owns the reference. `on_load` is told "loaded", "refused" or "fallback" and the bundle."""

    def __init__(
        self,
        folder: Path,
        *,
        warm: Warm,
        on_load: Callable[[str, Bundle | None], None],
        check_s: float = 0.5,
    ) -> None:
        self._folder = folder
        self._warm = warm
        self._on_load = on_load
        self._check_s = check_s
        self._live: Live | None = None
        self._bare: Bundle | None = None
        self._changes = Changes()
        self._refused = Tried()
        self._log = structlog.get_logger()

    @property
    def live(self) -> Live:
        assert self._live is not None, "load_first comes before any request"
        return self._live

    @property
    def changes(self) -> Changes:
        return self._changes

    def load_first(self) -> None:
        """The bundle that the pointer names, else the newest that is whole; else BundleError."""
        try:
            version = pointed(self._folder)
            self._put(bundle := self._ready(version), bundle, ())
            self._on_load("loaded", bundle)
        except BundleError as error:
            self._tell_refused(error)
            self._put(bundle := self._newest_whole(error), bundle, ("bundle",))
            self._refused = Tried(pointed_or_nothing(self._folder), time.monotonic())
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])

    def add_changes(self, news: Changes) -> None:
        """From here on requests see what the shop has said of these items since."""
        self._changes = Changes(news.count, {**self._changes.by_item, **news.by_item})
        laid = changed(self.live.bundle, news.by_item)
        self._live = replace(self.live, bundle=laid, cards={})

    async def replace_changes(self, changes: Changes) -> None:
        """The same for all changes there are; what was said before is forgotten."""
        while True:
            bare = self._bare
            assert bare is not None
            laid = await asyncio.to_thread(changed, bare, changes.by_item)
            if bare is self._bare:  # else a swap came between
                break
        self._changes = changes  # not before: a request believes this number
        self._put(bare, laid, self.live.degraded)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._check_s)
            await self.follow()

    async def follow(self) -> None:
        """Take up what the pointer names, if it is new and whole."""
        version = await asyncio.to_thread(pointed_or_nothing, self._folder)
        if not self._wanted(version):
            return
        try:
            bundle = await asyncio.to_thread(self._ready, version)
        except BundleError as error:
            self._refused = Tried(version, time.monotonic())
            self._tell_refused(error)
            return
        old = [self._live, self._bare]
        await self._swap(bundle)
        self._on_load("loaded", bundle)
        self._log.info("bundle swapped", version=bundle.version)
        del bundle
        await asyncio.to_thread(old.clear)  # unmapping takes time that requests should not wait

    def _wanted(self, version: str) -> bool:
        if not version or (version == self.live.bundle.version and not self.live.degraded):
            return False
        return version != self._refused.version or time.monotonic() > self._refused.at + RETRY_S

    def _ready(self, version: str) -> Bundle:
        """Whatever is wrong with a bundle is a BundleError, so that the old one serves on."""
        try:
            bundle = read_bundle(version_folder(self._folder, version))
            if bundle.version != version:
                raise BundleError(f"{version}: its manifest says {bundle.version}")
            self._warm(bundle)
        except BundleError:
            raise
        except Exception as error:
            raise BundleError(f"{version}: cannot answer: {error!r}") from error
        return bundle

    def _newest_whole(self, reason: BundleError) -> Bundle:
        for version in versions_by_age(self._folder):
            try:
                bundle = self._ready(version)
            except BundleError as error:
                self._tell_refused(error)
                continue
            self._log.error("bundle fallback", version=version, reason=str(reason))
            self._on_load("fallback", bundle)
            return bundle
        raise BundleError(f"no bundle in {self._folder} can be served: {reason}") from reason

    def _tell_refused(self, error: BundleError) -> None:
        self._on_load("refused", None)
        self._log.error("bundle refused", reason=str(error))

    async def _swap(self, bundle: Bundle) -> None:
        while True:
            changes = self._changes
            laid = await asyncio.to_thread(changed, bundle, changes.by_item)
            if changes is self._changes:
                break
        self._put(bundle, laid, ())

    def _put(self, bare: Bundle, laid: Bundle, degraded: tuple[str, ...]) -> None:
        self._bare = bare
        self._live = Live(laid, stream_id(bare.manifest.stream_through), degraded)


def major(minor: int, digits: int) -> float:
    """In units of the currency. A float of a decimal prints as it."""
    return minor / 10**digits if digits else minor


def changed(bundle: Bundle, changes: Mapping[str, ItemChange]) -> Bundle:
    """Items that the bundle does not hold are passed over."""
    if not changes:
        return bundle
    rows = bundle.items.rows(list(changes)).tolist()
    known = {row: change for row, change in zip(rows, changes.values(), strict=True) if row >= 0}
    return recategorised(bundle, apply_changes(bundle.catalogue, known)) if known else bundle
