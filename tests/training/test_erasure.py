"""Erased people leave the log, whatever names them, and come back only as somebody new."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.bundle import Visitors
from engine.bundle_files import version_of
from engine.customers.tombstones import Tombstones, tombstone
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.types import DAY_MS
from tests.training.test_people import frame_of
from tests.worlds import START, bundle
from training.erasure import (
    holds_erased,
    keep_tombstones,
    purge_log,
    read_tombstones,
    tombstones_path,
)
from training.log import LogHeader, read_header, read_log, write_log
from training.publish import current, publish, rollback, versions
from training.retained import forget_erased, holding_erased
from training.train import open_source

AT = START + 1_000


def erased(*nodes: str, salt: str = "salt", at: int = AT, number: int = 1) -> Tombstones:
    numbers = {salt: {tombstone(salt, node): number for node in nodes}}
    return Tombstones({salt: {tombstone(salt, node): at for node in nodes}}, number, numbers)


def line(event_id: str, kind: EventType, who: str | None, at: int, **more: Any) -> Happened:
    return Happened(event_id, kind, at, who, **more)


LINES = [
    line("mei before", EventType.VIEW, "mei", AT, item_id="green"),
    line("mei after", EventType.VIEW, "mei", AT + 1, item_id="green"),
    line("lin", EventType.VIEW, "lin", AT - 1, item_id="green"),
    line("visitor", EventType.VIEW, None, AT, visitor_id="v", item_id="cup"),
    line("lin at v's", EventType.VIEW, "lin", AT, visitor_id="v", item_id="cup"),
    line("brought", EventType.REFERRAL, "lin", AT, properties={"referrer_id": "mei"}),
    line("link", EventType.LINK, "lin", AT, properties={"kind": "pos_card", "alias": "mei"}),
    line("said", EventType.PROFILE, "lin", AT, properties={"referrer_id": "mei"}),
    line("home", EventType.LINK, "lin", AT, properties={"kind": "household", "alias": "mei"}),
]
KEPT = ["home", "lin", "lin at v's", "mei after", "said"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    write_log(frame_of(LINES).collect(), LogHeader(stream_through="7-1"), path)
    keep_tombstones(path, erased("c:mei", "v:v"))
    return path


def ids(frame: pl.DataFrame) -> list[str]:
    return sorted(frame["event_id"].to_list())


def test_what_is_trained_on_never_holds_them_even_before_the_file_is_rewritten(log: Path) -> None:
    source = open_source(log, None)
    assert source.raw is not None
    assert ids(source.raw.collect()) == KEPT
    assert source.header.erasures == erased("c:mei").known()
    assert ids(read_log(log).frame) == sorted(event.event_id for event in LINES)


@pytest.mark.parametrize("rows", [2, 500_000])
def test_the_file_is_rewritten_without_them_and_once_is_enough(log: Path, rows: int) -> None:
    assert purge_log(log, rows) == len(LINES) - len(KEPT)
    assert ids(read_log(log).frame) == KEPT
    assert read_header(log) == LogHeader(stream_through="7-1")
    before = log.stat().st_mtime_ns
    assert purge_log(log) == 0
    assert log.stat().st_mtime_ns == before


def test_lines_that_nobody_could_read_go_too(log: Path) -> None:
    unknown = log.with_suffix(".unknown.jsonl")
    kept = b'{"type": "teleport", "customer_id": "lin"}\nnot json\n[1]\n'
    unknown.write_bytes(
        kept
        + b'{"type": "teleport", "customer_id": "mei"}\n'
        + b'{"type": "teleport", "visitor_id": "v"}\n'
    )
    assert purge_log(log) == len(LINES) - len(KEPT) + 2
    assert unknown.read_bytes() == kept


def test_tombstones_are_kept_together_and_name_nobody(log: Path) -> None:
    both = keep_tombstones(log, erased("c:lin", salt="another store's", at=5))
    assert read_tombstones(log) == both
    assert (both.at("c:mei"), both.at("c:lin"), both.at("c:bo")) == (AT, 5, 0)
    written = tombstones_path(log).read_text()
    assert set(json.loads(written)) == {"until", "count", "numbers"}
    assert not any(name in written for name in ("mei", "lin"))


def test_a_bundle_of_before_is_found_and_goes_when_it_is_not_live(tmp_path: Path) -> None:
    made = bundle()
    cookie = replace(made, visitors=Visitors(IdMap.build(["v"]), np.array([0], np.int32)))
    assert holds_erased(made, erased("c:mei"))
    assert not holds_erased(made, erased("c:bo", "v:v"))
    assert holds_erased(cookie, erased("v:v"))
    known = {"erasures": erased("c:mei").known(), "created_at": 1}
    manifest = made.manifest.model_copy(update=known)
    clean = replace(made, manifest=manifest)
    assert not holds_erased(clean, erased("c:mei"))
    old, new = publish(made, tmp_path).version, publish(clean, tmp_path).version
    assert holding_erased(tmp_path, erased("c:mei")) == [old]
    assert forget_erased(tmp_path, erased("c:mei"), before=AT - 1) == [], "kept for a rollback"
    rollback(tmp_path, old)
    assert forget_erased(tmp_path, erased("c:mei"), before=AT) == [], "it is live"
    rollback(tmp_path, new)
    assert forget_erased(tmp_path, erased("c:mei"), before=AT) == [old]
    assert (versions(tmp_path), current(tmp_path)) == ([new], new)


def test_what_a_bundle_knows_is_told_by_numbers_and_not_by_clocks_that_may_be_ahead(
    tmp_path: Path,
) -> None:
    ahead = erased("c:zoe", at=AT + 86_400_000)
    manifest = bundle().manifest.model_copy(update={"erasures": ahead.known()})
    made = replace(bundle(), manifest=manifest)
    publish(made, tmp_path)
    assert not holds_erased(made, ahead)
    later = ahead | erased("c:mei", number=2)
    assert holds_erased(made, later)
    assert holding_erased(tmp_path, later) == [current(tmp_path)]
    assert not holds_erased(made, ahead | erased("c:bo", number=2)), "nobody it holds"
    another = ahead | erased("c:mei", salt="a new store's")
    assert holds_erased(made, another), "which counts from one again"


def test_how_old_an_erasure_is_goes_by_the_calendar_and_not_by_an_old_logs_clock(
    tmp_path: Path,
) -> None:
    """Events of a log that ended years ago are forgotten up to then; it was done just now."""
    done = AT + 3 * 365 * DAY_MS
    old = publish(bundle(), tmp_path).version
    later = bundle().manifest.model_copy(update={"created_at": 1, "seed": 8})
    publish(replace(bundle(), manifest=later), tmp_path)
    just_now = erased("c:mei", number=done)
    assert forget_erased(tmp_path, just_now, before=done - 1) == []
    assert forget_erased(tmp_path, just_now, before=done) == [old]


def test_tombstones_of_before_the_numbers_are_the_first(log: Path) -> None:
    told = json.loads(tombstones_path(log).read_text())
    tombstones_path(log).write_text(json.dumps({"until": told["until"], "count": told["count"]}))
    assert read_tombstones(log).known() == erased("c:mei").known()
    assert holds_erased(bundle(), read_tombstones(log))


def test_a_bundle_that_cannot_be_read_may_hold_anybody(tmp_path: Path) -> None:
    version = publish(bundle(), tmp_path).version
    (tmp_path / version / "items.keys.npy").write_bytes(b"?")
    assert holding_erased(tmp_path, erased("c:bo")) == [version]


def test_a_bundle_of_another_format_goes_only_where_it_may_hold_who_was_erased(
    tmp_path: Path,
) -> None:
    manifest = bundle().manifest.model_copy(update={"erasures": erased("c:bo").known()})
    version = publish(replace(bundle(), manifest=manifest), tmp_path).version
    file = tmp_path / version / "manifest.json"
    told = json.loads(file.read_text()) | {"schema_version": 99}
    file.write_text(json.dumps(told | {"version": version_of(told)}))
    publish(bundle(), tmp_path)
    for nobody_new in (Tombstones(), erased("c:bo")):
        assert version not in holding_erased(tmp_path, nobody_new)
        assert version not in forget_erased(tmp_path, nobody_new, before=AT)
    later = erased("c:bo") | erased("c:ann", number=2)
    assert version in holding_erased(tmp_path, later)
    assert forget_erased(tmp_path, later, before=AT) == [version]
