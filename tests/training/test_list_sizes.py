"""A list of so many customers goes down the order until they are found, or nobody is left."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.outreach import OutreachConfig
from tests.training.outreach import ledger_in
from tests.training.test_audience import ALL, CMD, LIN, MEI, OWL, TEA, plan
from tests.worlds import GREEN, NOW
from training import crew
from training.audience import Chosen, Tally, held_out, write_audience
from training.crew import growing
from training.reasoned import Offer
from training.sent import open_ledger

ONCE = OutreachConfig(messages=1, days=7, repeat_days=0, list_hours=0)
ORDER = TEA.customers.ids(ALL.tolist())


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first holds one customer, so that a list of four has three blocks."""
    monkeypatch.setattr(crew, "FEWEST", 1)


def write(folder: Path, out: str, **settings: Any) -> tuple[Tally, list[str]]:
    chosen = Chosen(ALL, np.zeros(len(ALL), np.int64))
    settings = {"config": ONCE, "offer": Offer(2, NOW)} | settings
    with open_ledger(ledger_in(folder)) as book:
        tally = write_audience(chosen, TEA, plan(**settings), book, folder / out)
    parts = tally.held_out + tally.sent_before + tally.capped + tally.without_items
    assert tally.chosen == parts + tally.written
    return tally, pl.read_parquet(folder / out)["customer_id"].to_list()


@pytest.mark.parametrize("processes", [1, 2])
def test_A1_the_next_list_goes_on_where_the_last_one_ended(processes: int, tmp_path: Path) -> None:
    two: dict[str, Any] = {"size": 2, "processes": processes}
    tally, names = write(tmp_path, "1.parquet", **two)
    assert (names, tally) == (ORDER[:2], Tally(chosen=2, written=2))
    tally, names = write(tmp_path, "2.parquet", **two, name="summer")
    assert (names, tally) == (ORDER[2:], Tally(chosen=4, capped=2, written=2))
    tally, names = write(tmp_path, "3.parquet", **two, name="autumn")
    assert (names, tally) == ([], Tally(chosen=4, capped=4))
    tally, names = write(tmp_path, "4.parquet", size=99, name="winter")
    assert (names, tally) == ([], Tally(chosen=4, capped=4))


def test_who_comes_after_the_last_of_a_list_is_not_held_out_of_it(tmp_path: Path) -> None:
    """The holdout is a share of those who would have been written to."""
    assert held_out(ORDER, "summer", 0.3).tolist() == [False, True, False, True], "by its hash"
    settings: dict[str, Any] = {"name": "summer", "holdout": 0.3}
    for size, expected in ((1, (ORDER[:1], 0)), (2, ([ORDER[0], ORDER[2]], 1))):
        tally, names = write(tmp_path, f"{size}.parquet", size=size, **settings)
        assert (names, tally.held_out) == expected
        ledger_in(tmp_path).unlink()
    tally, names = write(tmp_path, "3.parquet", size=3, **settings)
    assert (names, tally.held_out, tally.chosen) == ([ORDER[0], ORDER[2]], 2, 4), "nobody is left"


def test_who_may_not_be_shown_the_item_of_a_list_takes_no_place(tmp_path: Path) -> None:
    """Mei bought green tea, which the slot does not show again before it is used up."""
    about = Offer(1, NOW - 5 * 24 * 3_600_000, item=GREEN)
    tally, names = write(tmp_path, "a.parquet", size=3, offer=about)
    assert names == [TEA.customers.id(row) for row in (LIN, CMD, OWL)]
    assert (ALL[0], tally) == (MEI, Tally(chosen=4, without_items=1, written=3))


@given(lines=st.integers(0, 50_000), first=st.integers(1, 5_000))
def test_growing_blocks_hold_everybody_once(lines: int, first: int) -> None:
    blocks = list(growing(lines, first))
    rows = np.arange(lines)
    assert (np.concatenate([rows[block] for block in blocks]) == rows).all()
    sizes = [block.stop - block.start for block in blocks]
    assert max(sizes) <= crew.BLOCK
    assert all(min(2 * one, crew.BLOCK) == other for one, other in pairwise(sizes[:-1]))
