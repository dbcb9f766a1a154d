from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from caini.demo import write
from caini.demo.events import wire_events
from caini.demo.shop import simulate
from caini.demo.world import DemoConfig, Simulated
from caini.demo.write import items_frame, log_frame, write_simulated
from training.log import ITEMS_SCHEMA, SCHEMA, items_path, read_log


@pytest.fixture(scope="module")
def tiny() -> Simulated:
    return simulate(DemoConfig(customers=200, items=100, days=200))


def test_the_log_is_one_that_training_reads(tiny: Simulated, tmp_path: Path) -> None:
    write_simulated(tiny, tmp_path / "log.parquet")
    log = read_log(tmp_path / "log.parquet")
    assert log.header.currency == "CNY"
    assert log.frame.schema == SCHEMA
    assert_frame_equal(log.frame, log_frame(tiny))
    assert log.frame["event_id"].n_unique() == len(tiny.events)


def test_writing_block_by_block_changes_nothing(
    tiny: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "ROWS", 997)
    write_simulated(tiny, tmp_path / "log.parquet")
    assert_frame_equal(read_log(tmp_path / "log.parquet").frame, log_frame(tiny))


def test_the_columns_say_the_same_as_the_events(tiny: Simulated) -> None:
    frame = log_frame(tiny)
    for row, event in enumerate(wire_events(tiny, 0, len(tiny.events))):
        if row % 37:
            continue
        line = frame.row(row, named=True)
        for name in ("event_id", "type", "at", "customer_id", "visitor_id", "item_id", "quantity"):
            assert line[name] == getattr(event, name)
        for name in ("order_id", "channel", "position", "query", "slate_id"):
            assert line[name] == getattr(event, name)
        price = None if event.unit_price is None else int(event.unit_price * 100)
        assert line["unit_price_minor"] == price
        assert (line["properties"] is None) == (not event.properties)


def test_the_catalogue_is_written_beside_the_log(tiny: Simulated, tmp_path: Path) -> None:
    write_simulated(tiny, tmp_path / "log.parquet")
    catalogue = pl.read_parquet(items_path(tmp_path / "log.parquet"))
    assert catalogue.schema == ITEMS_SCHEMA
    assert catalogue["item_id"].to_list() == list(tiny.items.ids)
    assert set(catalogue["kind"]) == {"goods", "service", "content"}
    assert catalogue["category"].str.contains(" > ").all()


def test_the_catalogue_shows_the_price_before_a_sale_only_during_a_sale(tiny: Simulated) -> None:
    frame = items_frame(tiny)
    on_sale = frame.filter(pl.col("list_price_minor").is_not_null())
    assert 0 < len(on_sale) < len(frame)
    assert (on_sale["price_minor"] < on_sale["list_price_minor"]).all()


def test_out_of_stock_is_not_available(tiny: Simulated) -> None:
    frame = items_frame(tiny)
    assert (frame["available"] == (frame["stock"] > 0)).all()
