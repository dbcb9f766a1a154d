"""The trainer: a log in, a measured bundle out, published."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.bundle import Bundle, Manifest
from engine.bundle_files import read_manifest
from engine.errors import BundleError, ConfigError, LogError
from engine.faults import Faults
from engine.shop import ShopConfig
from engine.shop_folder import read_folder
from engine.slots import Slots
from engine.types import DAY_MS
from training.assemble import Say, Source, assemble, read_source
from training.catalogue_file import read_items
from training.config import TrainConfig, read_train
from training.consent import opted_out, without_people
from training.erasure import read_tombstones, without_erased
from training.evaluate import Evaluation, evaluate, personal_and_popular, split_of
from training.log import LogHeader, items_path, read_header
from training.people import identity_in, resolved
from training.publish import current, publish
from training.ranker import NOTHING, Learned, learn_rankers
from training.tuning import Tuned, shop_as_told, tune, with_told
from training.warm import may_start, start_of


@dataclass(frozen=True, slots=True)
class Settings:
    shop: ShopConfig
    slots: Slots
    train: TrainConfig


def read_settings(config: Path, *, search: bool = True) -> Settings:
    """Raises ConfigError with every fault of the three files, one a line.

    Without `search` the settings of models are those of the files, whatever [search] says.
    """
    found = Faults()
    folder = found.of(lambda: read_folder(config))
    train = found.of(lambda: read_train(config / "train.toml"))
    found.tell()
    assert folder is not None, "its faults are told"
    assert train is not None, "its faults are told"
    settings = Settings(*folder, train)
    return settings if search else without_search(settings)


def without_search(settings: Settings) -> Settings:
    off = settings.train.search.model_copy(update={"enabled": False})
    return replace(settings, train=settings.train.model_copy(update={"search": off}))


def open_source(log: Path, items: Path | None) -> Source:
    """`items` may be left out: then LOG.items.parquet is taken, if it is there.

    The links of the log are followed: what is trained on has each person under one id, and nobody
    who was erased.
    """
    header = read_header(log)
    beside = items_path(log)
    if items is None and beside.is_file():
        items = beside
    if items is not None and not items.is_file():
        raise LogError(f"{items}: there is no such catalogue")
    erased = read_tombstones(log)
    raw = without_erased(pl.scan_parquet(log), erased)
    identity = identity_in(raw)
    known = None if items is None else read_items(items)
    header = replace(header, erasures=erased.known())
    return Source(resolved(raw, identity), header, known, identity, raw, erased.newest)


def train(
    source: Source,
    settings: Settings,
    bundles: Path,
    *,
    now: Callable[[], int],
    say: Say,
) -> tuple[Manifest, Evaluation]:
    """Search on the past, measure on the last part, refit on all, publish. `now` dates the bundle.

    Raises LogError when events lie in the future by that clock.
    """
    require_past(source, now())
    live = live_manifest(bundles, current(bundles))
    tuned = searched(source, settings, live, say)
    settings = as_told(settings, tuned.told)
    learned = rankers(source, settings, say)
    evaluation = measure(source, settings, say, learned=learned)
    bundle = fit(
        source,
        settings,
        evaluation.as_json(),
        now=now,
        say=say,
        told=tuned.told,
        learned=learned,
    )
    say("publish")
    return publish(bundle, bundles), evaluation


def require_past(source: Source, now: int) -> None:
    """All ages are counted from the last event: one far ahead makes every other too old to count.

    A day is allowed, for clocks that differ. Raises LogError with how many events are later.
    """
    at = pl.col("at").dt.epoch("ms")
    future = source.log.filter(at > now + DAY_MS).select(events=pl.len(), last=at.max()).collect()
    events, last = future.row(0)
    if events and not source.header.timeless:
        moment = np.datetime_as_string(np.datetime64(last, "ms"), "s")
        raise LogError(
            f"{events:,} events of the log lie more than a day in the future, the last of them at "
            f"{moment}Z; import the source again, which rejects them as in_the_future, or set "
            "this machine's clock right"
        )


def live_manifest(bundles: Path, live: str | None) -> Manifest | None:
    """None too where what is live is damaged: this run is about to replace it."""
    try:
        return None if live is None else read_manifest(bundles / live)
    except BundleError:
        return None


def searched(source: Source, settings: Settings, live: Manifest | None, say: Say) -> Tuned:
    """Settings chosen on what comes before the part that `measure` judges on.

    Of those too who opted out later nothing is asked (A6).
    """
    if not settings.train.search.enabled:
        return Tuned(settings.train)
    shop = in_currency_of(settings.shop, source.header)
    return tune(_before_the_test(source, settings), shop, settings.train, live, say)


def rankers(source: Source, settings: Settings, say: Say) -> Learned:
    """Learned and judged on the same past as `searched`, with the settings that it has chosen."""
    shop = in_currency_of(settings.shop, source.header)
    past = _before_the_test(source, settings)
    return learn_rankers(past, shop, settings.slots, settings.train, say)


def _before_the_test(source: Source, settings: Settings) -> Source:
    split, _ = split_of(source, settings.train)
    return source.of(without_people(split.train, opted_out(source.log)))


def as_told(settings: Settings, told: dict[str, Any]) -> Settings:
    """What a search has chosen, in place of what was configured."""
    train, shop = with_told(settings.train, told), shop_as_told(settings.shop, told)
    return replace(settings, train=train, shop=shop)


def measure(
    source: Source,
    settings: Settings,
    say: Say,
    keep: Callable[[Bundle], None] | None = None,
    *,
    learned: Learned = NOTHING,
) -> Evaluation:
    """The slots that stand for the path, on the last part of the log; `keep` as in `evaluate`."""
    shop = in_currency_of(settings.shop, source.header)
    plans = personal_and_popular(settings.slots, settings.train)
    return evaluate(source, shop, settings.train, plans, say, keep, learned=learned)


def fit(
    source: Source,
    settings: Settings,
    metrics: dict[str, Any],
    *,
    now: Callable[[], int],
    say: Say,
    told: dict[str, Any] | None = None,
    last: Bundle | None = None,
    learned: Learned = NOTHING,
) -> Bundle:
    """All of the log as one bundle, with what `measure` found in its manifest, and the search.

    Factors begin where those of `last` ended, if that may be and is worth while.
    """
    shop = in_currency_of(settings.shop, source.header)
    say("read")
    data = read_source(source, shop)
    train = settings.train
    start = None
    if last is not None and may_start(last, source):
        start = start_of(last, data, train.als, train.seed)
    bundle = learned.put_in(assemble(source, data, shop, train, say, start))
    found = {
        "warm_from": "" if last is None or start is None else last.manifest.version,
        "metrics": metrics,
        "search": told or {},
        "created_at": now(),
        "erasures": dict(source.header.erasures),
    }
    return replace(bundle, manifest=bundle.manifest.model_copy(update=found))


def in_currency_of(shop: ShopConfig, header: LogHeader) -> ShopConfig:
    """The log knows its currency. Raises ConfigError when the shop counts in other minor units."""
    if shop.shop.currency == header.currency and shop.shop.minor_units == header.minor_units:
        return shop
    if shop.shop.minor_units != header.minor_units:
        raise ConfigError(
            f"shop.toml: shop.minor_units is {shop.shop.minor_units}, the log's money has "
            f"{header.minor_units} decimals; they must agree"
        )
    told = shop.shop.model_copy(update={"currency": header.currency})
    return shop.model_copy(update={"shop": told})
