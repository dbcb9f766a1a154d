"""From the store into the log, each event exactly once."""

import json
import os
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import SecretStr

from caini.archiving import archive_store, settings_of, waiting_in_store
from caini.verbs.archive import run
from engine.errors import ConfigError, LogError, StoreError
from serving.settings import Settings
from tests.caini.accepted import accept, bought, in_store, published
from tests.conftest import CONFIG
from tests.killed import FORKSERVER
from training.log import LogHeader, read_header, read_log, write_log


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


def test_what_waits_for_the_log_is_counted_and_stays(shop: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    accept(shop, bought(1), bought(2))
    assert [waiting_in_store(log, shop), waiting_in_store(log, shop)] == [2, 2]
    archive_store(log, shop, CONFIG)
    assert waiting_in_store(log, shop) == 0
    accept(shop, bought(3))
    assert waiting_in_store(log, shop) == 1
    assert ids(log) == ["p1", "p2"]


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
    published(tmp_path / "bundles", 1, "0-0")
    run(log, bundles=tmp_path / "bundles", url=redis, data=None, config=CONFIG, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["cut"]["from_stream"]) == (1, 0)
    run(log, bundles=tmp_path / "bundles", url=redis, data=None, config=CONFIG, as_json=False)
    assert "0 new events" in capsys.readouterr().out


def test_the_private_store_of_a_server_that_is_down_is_opened_for_the_work(tmp_path: Path) -> None:
    settings = settings_of(None, tmp_path / "data")
    assert settings is not None
    assert archive_store(tmp_path / "log.parquet", settings, CONFIG).events == 0
