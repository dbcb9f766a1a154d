"""An item that the catalogue lacks, by a slip in the feed, is not shown as news."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from tests.conftest import CONFIG, silent
from training.assemble import assemble, read_source
from training.train import open_source, read_settings, without_search

SETTINGS = without_search(read_settings(CONFIG))
SLIP = "cofee-001"


def test_a_misspelt_id_of_a_few_events_is_no_new_arrival(tiny: Path) -> None:
    source = open_source(tiny, None)
    last = source.log.filter(pl.col("type") == "purchase").tail(3)
    slips = last.with_columns(pl.lit(SLIP).alias("item_id"))
    longer = replace(source, log=pl.concat([source.log, slips]).sort("at", maintain_order=True))

    def new(items: pl.DataFrame | None) -> list[str]:
        given = replace(longer, items=items)
        data = read_source(given, SETTINGS.shop)
        bundle = assemble(given, data, SETTINGS.shop, SETTINGS.train, silent)
        assert bundle.items.row(SLIP) >= 0
        return bundle.items.ids(bundle.new_arrivals.rows.tolist())

    assert SLIP in new(None), "without a catalogue every item is as good as another"
    assert source.items is not None
    listed = new(source.items)
    assert SLIP not in listed
    assert listed, "what is new in truth is"
    assert SLIP in new(source.items.head(5)), "a poor catalogue says nothing"
