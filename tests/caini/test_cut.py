"""Out of the store goes what every bundle and the log hold, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from caini import archiving
from caini.archiving import archive_store, cut_store
from engine.errors import StoreError
from engine.events import EventType
from engine.happened import Happened
from serving.settings import Settings
from serving.store.packing import StreamId
from serving.store.reading import cut, last_cut
from serving.store.store import Store
from tests.caini.accepted import NOW, accept, bought, in_store, published, stream_of, tail_of
from tests.conftest import CONFIG
from training.log import read_header
from training.publish import retain


def test_only_what_every_bundle_and_the_log_hold_is_cut(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "KEPT_DAYS", 0.0)
    log, bundles = tmp_path / "log.parquet", tmp_path / "bundles"
    told = [(accept(shop, bought(number))[0] or b"").decode() for number in range(4)]
    accept(shop, bought(8, customer="bob"))
    archive_store(log, shop, CONFIG)
    assert cut_store(log, bundles, shop) is None, "nothing is published"
    published(bundles, 1, told[1])
    published(bundles, 2, told[3])
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
    published(bundles, 1, read_header(log).stream_through)
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
    published(tmp_path / "bundles", 1, read_header(log).stream_through)
    cut_store(log, tmp_path / "bundles", shop)
    with pytest.raises(StoreError, match="not the log that it was archived to"):
        archive_store(tmp_path / "other.parquet", shop, CONFIG)
    assert archive_store(log, shop, CONFIG).events == 0
