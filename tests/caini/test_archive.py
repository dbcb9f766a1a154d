"""From the store into the log, each event exactly once; out of the store when bundles hold it."""

import asyncio
import itertools
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import SecretStr

from caini import archiving
from caini.archiving import archive_store, cut_store, settings_of
from caini.verbs.archive import run
from engine.errors import ConfigError, LogError, StoreError
from engine.events import EventType
from engine.happened import Happened
from serving.settings import Settings
from serving.store.address import parse
from serving.store.embedded import EmbeddedRedis
from serving.store.packing import StreamId, tail_events
from serving.store.reading import cut, last_cut
from serving.store.store import Accepting, Store
from tests.conftest import CONFIG
from tests.killed import FORKSERVER
from tests.worlds import bundle
from training.log import LogHeader, read_header, read_log, write_log
from training.publish import publish, retain

SHOPS = itertools.count()
NOW = 1_790_000_000_000


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    embedded = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    yield f"unix://{embedded.start().socket}"
    embedded.stop()


@pytest.fixture
def shop(redis: str) -> Settings:
    return Settings(redis_url=SecretStr(redis), shop=f"archive{next(SHOPS)}-{os.getpid()}")


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


def ids(log: Path) -> list[str]:
    return read_log(log).frame["event_id"].to_list()


def test_what_was_accepted_begins_a_log_and_then_joins_it_in_order(
    shop: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "log.parquet"
    full = bought(
        2, quantity=3, channel="app", slate_id="s", position=4, properties={"券": ["春", 1]}
    )
    accept(shop, full, bought(9))
    assert archive_store(log, shop, CONFIG).events == 2
    before = log.read_bytes()
    assert archive_store(log, shop, CONFIG).events == 0
    assert log.read_bytes() == before, "nothing new, nothing written"
    told = accept(shop, bought(5), bought(1), bought(12))
    done = archive_store(log, shop, CONFIG)
    assert (done.events, done.repeated, done.unknown) == (3, 0, 0)
    assert ids(log) == ["p1", "p2", "p5", "p9", "p12"]
    assert told[-1] is not None
    assert read_header(log) == LogHeader("CNY", 2, stream_through=told[-1].decode())
    (line,) = read_log(log).frame.filter(pl.col("event_id") == "p2").to_dicts()
    assert json.loads(line.pop("properties")) == {"券": ["春", 1]}
    assert line.pop("at").timestamp() * 1000 == full.at
    assert line == {
        name: getattr(full, name)
        for name in read_log(log).frame.columns
        if name not in ("at", "properties")
    }


def test_an_id_that_the_log_holds_joins_it_no_second_time(shop: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    accept(shop, bought(1), bought(2))
    archive_store(log, shop, CONFIG)
    imported = read_log(log)
    write_log(imported.frame.tail(1), LogHeader(), log)  # p2 is known, the stream is not
    accept(shop, bought(2, customer="bob"))  # another customer's tail: accepted again
    done = archive_store(log, shop, CONFIG)
    assert (done.events, done.repeated) == (1, 2)
    assert ids(log) == ["p1", "p2"]
    assert read_log(log).frame["customer_id"].to_list() == ["ann", "ann"]


def test_a_long_log_is_merged_batch_by_batch(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.parquet"
    accept(shop, *[bought(number) for number in range(0, 40, 2)])
    archive_store(log, shop, CONFIG)
    monkeypatch.setattr("training.archive.BATCH_ROWS", 7)
    accept(shop, *[bought(number) for number in range(41, 0, -2)])
    archive_store(log, shop, CONFIG)
    assert ids(log) == [f"p{number}" for number in range(40)] + ["p41"]


def test_what_a_newer_server_wrote_is_kept_beside_the_log(shop: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    accept(shop, bought(1))
    news = ("XADD", f"caini:{{{shop.shop}}}:events", "*", "event", '{"type":"teleport"}')
    in_store(shop, lambda store: store.ask(news))
    done = archive_store(log, shop, CONFIG)
    assert (done.events, done.unknown) == (1, 1)
    assert (tmp_path / "log.unknown.jsonl").read_text() == '{"type":"teleport"}\n'


def _archive_for_ever(log: Path, settings: Settings, begun: Event) -> None:
    begun.set()
    while True:
        archive_store(log, settings, CONFIG)


def test_a_run_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    shop: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "log.parquet"
    rng = np.random.default_rng(3)
    accepted = 0
    for _ in range(6):
        begun = FORKSERVER.Event()
        run = FORKSERVER.Process(target=_archive_for_ever, args=(log, shop, begun))
        run.start()
        assert begun.wait(60)
        until = time.monotonic() + 0.05 + float(rng.random()) * 0.25
        while time.monotonic() < until:
            accept(shop, *[bought(number) for number in range(accepted, accepted + 50)])
            accepted += 50
        assert run.pid is not None
        os.kill(run.pid, signal.SIGKILL)
        run.join()
    archive_store(log, shop, CONFIG)
    assert ids(log) == [f"p{number}" for number in range(accepted)]
    assert not list(tmp_path.glob(".*.part"))


def _published(bundles: Path, number: int, through: str) -> None:
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


def test_only_what_every_bundle_and_the_log_hold_is_cut(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "KEPT_DAYS", 0.0)
    log, bundles = tmp_path / "log.parquet", tmp_path / "bundles"
    told = [(accept(shop, bought(number))[0] or b"").decode() for number in range(4)]
    accept(shop, bought(8, customer="bob"))
    archive_store(log, shop, CONFIG)
    assert cut_store(log, bundles, shop) is None, "nothing is published"
    _published(bundles, 1, told[1])
    _published(bundles, 2, told[3])
    gone = cut_store(log, bundles, shop)
    assert gone is not None
    assert (gone.from_stream, gone.from_tails) == (2, 2)
    assert tail_of(shop, "ann") == ["p2", "p3"]
    assert stream_of(shop) == 3
    retain(bundles, 1)
    again = cut_store(log, bundles, shop)
    assert again is not None
    assert again.from_stream == 0, "the live bundle and the way back are both kept"


def test_what_is_younger_than_three_days_stays(shop: Settings, tmp_path: Path) -> None:
    log, bundles = tmp_path / "log.parquet", tmp_path / "bundles"
    accept(shop, bought(1))
    archive_store(log, shop, CONFIG)
    _published(bundles, 1, read_header(log).stream_through)
    gone = cut_store(log, bundles, shop)
    assert gone is not None
    assert (gone.from_stream, gone.from_tails) == (0, 0)
    assert tail_of(shop, "ann") == ["p1"]
    assert accept(shop, bought(1)) == [None], "a duplicate is still known"


def test_a_cut_takes_referred_orders_too_leaves_visitors_and_may_be_done_again(
    shop: Settings,
) -> None:
    invited = Happened("r1", EventType.REFERRAL, NOW, "ben", properties={"referrer_id": "ann"})
    visitor = Happened("v1", EventType.VIEW, NOW, visitor_id="cookie", item_id="茶")
    told = accept(shop, invited, bought(1, customer="ben"), visitor, bought(2, customer="ben"))
    assert tail_of(shop, "ann") == ["p1", "p2"], "as orders of whom she referred"
    assert told[2] is not None
    ms, number = map(int, told[2].split(b"-"))

    async def twice(store: Store) -> list[tuple[int, int]]:
        cuts: Sequence[object] = [await cut(store, StreamId(ms, number)) for _ in range(2)]
        assert await last_cut(store) == StreamId(ms, number)
        return [(one.from_stream, one.from_tails) for one in cuts]  # type: ignore[attr-defined]

    assert in_store(shop, twice) == [(3, 3), (0, 0)]
    assert tail_of(shop, "ben") == ["p2"]
    assert len(tail_of(shop, "ann")) == 1
    assert len(in_store(shop, lambda store: store.read(None, "cookie")).visitor) == 1
    assert stream_of(shop) == 1


def test_a_log_that_lacks_what_was_cut_is_refused(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "KEPT_DAYS", 0.0)
    log = tmp_path / "log.parquet"
    accept(shop, bought(1))
    archive_store(log, shop, CONFIG)
    _published(tmp_path / "bundles", 1, read_header(log).stream_through)
    cut_store(log, tmp_path / "bundles", shop)
    with pytest.raises(StoreError, match="not the log that it was archived to"):
        archive_store(tmp_path / "other.parquet", shop, CONFIG)
    assert archive_store(log, shop, CONFIG).events == 0


def test_a_store_or_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    nowhere = Settings(redis_url=SecretStr(f"unix://{tmp_path}/no.sock"))
    with pytest.raises(StoreError):
        archive_store(tmp_path / "log.parquet", nowhere, CONFIG)
    with pytest.raises(LogError, match="does not exist"):
        archive_store(tmp_path / "no" / "log.parquet", nowhere, CONFIG)


def test_the_verb_names_its_store_and_tells_what_it_did(
    shop: Settings,
    redis: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = tmp_path / "log.parquet"
    monkeypatch.chdir(tmp_path)
    settings = {"bundles": None, "url": None, "config": CONFIG, "as_json": False}
    for data in (None, tmp_path / "typo"):
        with pytest.raises(StoreError, match="no store: nothing at"):
            run(log, data=data, **settings)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="give one of them"):
        settings_of("redis://a", tmp_path)
    monkeypatch.setenv("CAINI_SHOP", shop.shop)
    accept(shop, bought(1))
    _published(tmp_path / "bundles", 1, "0-0")
    run(log, bundles=tmp_path / "bundles", url=redis, data=None, config=CONFIG, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["cut"]["from_stream"]) == (1, 0)
    run(log, bundles=tmp_path / "bundles", url=redis, data=None, config=CONFIG, as_json=False)
    assert "0 new events" in capsys.readouterr().out


def test_the_private_store_of_a_server_that_is_down_is_opened_for_the_work(tmp_path: Path) -> None:
    settings = settings_of(None, tmp_path / "data")
    assert settings is not None
    assert archive_store(tmp_path / "log.parquet", settings, CONFIG).events == 0
