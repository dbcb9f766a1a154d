"""An erasure from the call to the last file: a real server, its store, the log, a training."""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from caini.archiving import archive_store, settings_of
from caini.erasing import erase_everywhere, erase_in_log
from caini.main import app
from engine.bundle_files import read_bundle
from engine.customers.tombstones import Tombstones, tombstone
from engine.errors import LogError, StoreError
from serving.settings import Settings
from tests.conftest import CONFIG, Trained, silent
from tests.killed import FORKSERVER
from tests.servers import Server, event, serving
from training.archive import rows_of
from training.erasure import keep_tombstones
from training.log import LogHeader, read_header, read_log, write_log
from training.publish import current, publish
from training.records import write_record
from training.report.kept import REPORTS
from training.train import fit, open_source, read_settings

WHO, CARD, COOKIE = "zoe-the-canary", "card-of-the-canary", "cookie-of-the-canary"
NAMES = (WHO, CARD, COOKIE)


@dataclass
class World:
    server: Server
    data: Path
    log: Path
    bundles: Path
    store: Settings

    def train(self) -> str:
        source, settings = open_source(self.log, None), read_settings(CONFIG)
        now = int(time.time() * 1000)
        made = fit(source, settings, {}, now=lambda: now, say=silent)
        version = publish(made, self.bundles).version
        for _ in range(500):
            if self.server.ready()["bundle_version"] == version:
                return version
            time.sleep(0.05)
        raise AssertionError("the server did not take up the bundle")


@pytest.fixture(scope="module")
def world(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("erase")
    log, bundles, data = folder / "log.parquet", folder / "bundles", folder / "data"
    write_log(read_log(trained.log).frame, LogHeader(), log)
    live = current(trained.bundles)
    assert live is not None
    publish(read_bundle(trained.bundles / live), bundles)
    with serving(bundles, data) as server:
        store = settings_of(None, data)
        assert store is not None
        yield World(server, data, log, bundles, store)


def item_of(world: World, place: int) -> str:
    return world.server.items(n=place + 1)[place]


def holding(folder: Path) -> list[str]:
    """Files that hold one of the names, as the bytes lie; Parquet is read."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_socket() or not path.is_file():
            continue
        raw = path.read_bytes()
        if path.name == "log.parquet":
            raw = read_log(path).frame.write_csv().encode()
        if any(name.encode() in raw for name in NAMES):
            found.append(str(path.relative_to(folder)))
    return found


def buy(world: World, event_id: str, item: str, **who: str) -> None:
    line = event(event_id, "purchase", item_id=item, unit_price=5, order_id=event_id, **who)
    assert world.server.send(line)["accepted"] == 1


def listed(world: World, segment: str, out: Path) -> set[str]:
    """Whom a list goes to that is made of the live bundle."""
    words = ["audience", "--bundles", world.bundles, "--config", CONFIG, "--segment", segment]
    asked = [*words, "--channel", "email", "--n", 1, "--name", out.stem, "--out", out, "--quiet"]
    told = CliRunner().invoke(app, [str(each) for each in asked])
    assert told.exit_code == 0, told.output
    return set(pl.read_parquet(out)["customer_id"])


def filled(world: World, out: Path) -> set[str]:
    """Whom a batch of the live bundle fills a slot for."""
    words = ["batch", "--bundles", world.bundles, "--config", CONFIG, "--n", 1, "--out", out]
    told = CliRunner().invoke(app, [str(each) for each in words])
    assert told.exit_code == 0, told.output
    return set(pl.read_parquet(out)["customer_id"])


@pytest.mark.slow
def test_erased_people_are_in_no_file_and_no_training_brings_them_back(
    world: World, tmp_path: Path
) -> None:
    server, first = world.server, item_of(world, 0)
    buy(world, "z1", first, customer_id=WHO)
    buy(world, "z2", item_of(world, 1), customer_id=CARD)
    server.send(event("z3", "view", item_id=first, visitor_id=COOKIE))
    server.send(
        event("z4", "referral", customer_id="friend", properties={"referrer_id": WHO}),
        event("z5", "view", item_id=first, customer_id="friend"),
    )
    aliases = [{"kind": "pos_card", "value": CARD}, {"kind": "visitor", "value": COOKIE}]
    asked = {"customer_id": WHO, "aliases": aliases}
    assert server.client.post("/customers/link", json=asked).json()["changed"] == 2
    archive_store(world.log, world.store, CONFIG)
    old = world.train()
    told = server.client.get(f"/customers/{CARD}").json()
    assert (told["orders"], told["identity"]["customer_id"]) == (2, WHO), "the bundle knows them"
    (segment, *_) = told["segments"]
    assert WHO in listed(world, segment, tmp_path / "before.parquet")
    everybody = filled(world, tmp_path / "slates.parquet")
    assert {"log.parquet", f"bundles/{old}/customers.text.data.npy"} <= {*holding(world.log.parent)}

    receipt = server.client.delete(f"/customers/{CARD}").json()
    assert receipt["removed"]["ids"] == 3
    for name in (WHO, CARD):
        assert server.client.get(f"/customers/{name}").json()["known"] is False
        assert first in server.items(name, n=5)

    done = erase_everywhere(world.log, world.bundles, world.store, older_than_days=0)
    assert done["remaining"] == [old], "it is live"
    assert done["log"] > 0
    assert done["store"]["from_stream"] > 0
    assert WHO not in listed(world, segment, tmp_path / "after.parquet")
    assert filled(world, tmp_path / "slates.parquet") == everybody - {WHO}
    new = world.train()
    report = world.bundles / REPORTS / old
    report.mkdir(parents=True)
    write_record(world.bundles, old, {})
    assert server.client.get(f"/customers/{WHO}").json()["known"] is False
    again = erase_everywhere(world.log, world.bundles, world.store, older_than_days=0)
    assert (again["complete"], again["remaining"], again["removed"]) == (True, [], [old])
    assert not report.exists(), "its examples were somebody's"
    assert again["log"] == again["store"]["from_stream"] == 0
    assert new == current(world.bundles)
    for _ in range(200):  # Redis rewrites its file in the background
        if not holding(world.log.parent):
            break
        time.sleep(0.1)
    assert holding(world.log.parent) == []


@pytest.mark.slow
def test_who_comes_back_and_an_old_export_that_comes_back(world: World) -> None:
    server = world.server
    erased = server.client.delete("/customers/back").json()
    erase_in_log(world.log, world.store)
    time.sleep(1.1)  # events are told to be a second old
    buy(world, "b1", item_of(world, 0), customer_id="back")
    archive_store(world.log, world.store, CONFIG)
    frame = read_log(world.log).frame
    again = frame.filter(event_id="b1").with_columns(
        pl.lit("b0").alias("event_id"),
        pl.lit(frame["at"].min()).alias("at").cast(frame.schema["at"]),
    )
    write_log(frame.vstack(again), read_header(world.log), world.log)
    source = open_source(world.log, None)
    assert source.log.collect().filter(customer_id="back")["event_id"].to_list() == ["b1"]
    assert source.erased_at > 0
    assert erased["erasure"] >= 1
    assert server.client.get("/customers/back").json()["orders"] == 1


def _erase_for_ever(log: Path, begun: object) -> None:
    begun.set()  # type: ignore[attr-defined]
    while True:
        erase_in_log(log, None)


def test_a_run_killed_at_any_moment_leaves_a_whole_log_and_is_simply_run_again(
    small_log: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.parquet"
    whole = read_log(small_log).frame
    customers = sorted(whole["customer_id"].drop_nulls().unique())
    write_log(whole, LogHeader(), log)
    far = int(whole["at"].dt.epoch("ms").max() or 0)  # type: ignore[arg-type]
    rng = np.random.default_rng(5)
    for number in range(5):
        gone = {tombstone("s", f"c:{one}"): far for one in customers[: 5 * (number + 1)]}
        keep_tombstones(log, Tombstones({"s": gone}, number))
        begun = FORKSERVER.Event()
        run = FORKSERVER.Process(target=_erase_for_ever, args=(log, begun))
        run.start()
        assert begun.wait(60)
        time.sleep(float(rng.random()) * 0.3)
        assert run.pid is not None
        os.kill(run.pid, signal.SIGKILL)
        run.join()
        assert set(whole["event_id"]) >= set(read_log(log).frame["event_id"])
    erase_in_log(log, None)
    gone_ids = {*customers[:25]}
    kept = [
        line["event_id"]
        for line in whole.iter_rows(named=True)
        if line["customer_id"] not in gone_ids
        and json.loads(line["properties"] or "{}").get("referrer_id") not in gone_ids
    ]
    assert read_log(log).frame["event_id"].to_list() == kept
    assert not list(tmp_path.glob(".*.part"))


def test_the_verb_asks_the_store_that_the_server_keeps_by_default(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.data.parent)
    assert world.data.name == "data"
    world.server.client.delete("/customers/by-default")
    write_log(rows_of([]), LogHeader(), tmp_path / "log.parquet")
    words = ["erase", "--log", str(tmp_path / "log.parquet"), "--bundles", str(tmp_path)]
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output
    account = json.loads(told.stdout)
    assert (account["erased"] >= 1, account["complete"]) == (True, True)
    assert account["store"] is not None
    for folder in ([], ["--data", str(tmp_path / "typo")]):
        monkeypatch.chdir(tmp_path)
        blind = CliRunner().invoke(app, [*words, *folder])
        assert isinstance(blind.exception, StoreError), blind.output
        assert blind.exception.exit_code == 5
        assert "no store: nothing at " in str(blind.exception)
        assert "remaining: the store was not looked at" in blind.stdout
        assert "complete" not in blind.stdout
    assert sorted(tmp_path.glob("*/")) == [], "an empty store was not made"


def test_the_verb_tells_what_remains_and_leaves_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log.parquet"
    write_log(rows_of([]), LogHeader(), log)
    (tmp_path / "log.rejects.jsonl").write_text("{}\n")
    told = CliRunner().invoke(app, ["erase", "--log", str(log), "--json"])
    assert isinstance(told.exception, StoreError)
    account = json.loads(told.stdout)
    assert account["not_searched"] == ["log.rejects.jsonl"]
    assert account["complete"] is False
    assert json.loads((tmp_path / "log.erased-done.json").read_text()) == account
    assert account["remaining"] == ["the store was not looked at", "bundles were not looked at"]
    with pytest.raises(LogError, match="does not exist"):
        erase_everywhere(tmp_path / "no" / "log.parquet", None, None, older_than_days=0)
