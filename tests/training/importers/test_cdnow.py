from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.training.importers.conftest import Importing


def test_the_master_form_is_read(importing: Importing) -> None:
    text = " customer_id  date number_of_cds  dollar_value\r\n 00001 19970112  5   77.03\r\n"
    log = importing("cdnow", text)
    [row] = log.rows
    assert row["customer_id"] == "00001"
    assert row["at"] == datetime(1997, 1, 12, tzinfo=UTC)
    assert (row["item_id"], row["quantity"], row["unit_price_minor"]) == ("cd", 5, 1541)
    assert row["properties"] == '{"total_minor":7703}'
    assert row["event_id"] == row["order_id"] == "l2"
    assert log.log.header.currency == "USD"
    assert log.summary.set_aside == {"header": 1}


def test_the_sample_form_is_read_by_its_master_id(importing: Importing) -> None:
    [row] = importing("cdnow", " 00004 0001 19970118  2   29.73\n").rows
    assert (row["customer_id"], row["quantity"]) == ("00004", 2)


def test_rows_of_no_dollars_are_kept(importing: Importing) -> None:
    [row] = importing("cdnow", " 00004 19970118  2   0.00\n").rows
    assert row["unit_price_minor"] == 0


def test_the_same_line_twice_is_two_purchases(importing: Importing) -> None:
    assert importing("cdnow", " 00004 19970118  2   9.00\n" * 2).frame.height == 2


def test_rows_that_are_no_purchase_are_rejected(importing: Importing) -> None:
    good = " 1 19970118 2 9.00\n"
    bad = " 1 19970118 9.00\n 1 19971318 2 9.00\n 1 19970118 0 9.00\n 1 19970118 2 much\n"
    assert importing("cdnow", good + bad).summary.rejected == {
        "cells_miscounted": 1,
        "at_not_an_instant": 1,
        "quantity_out_of_range": 1,
        "dollars_not_a_number": 1,
    }


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "events", "customers"),
    [("CDNOW_master.txt", 69_659, 23_570), ("CDNOW_sample.txt", 6919, 2357)],
)
def test_the_real_files_import_whole(
    importing: Importing, real_data: Path, name: str, events: int, customers: int
) -> None:
    log = importing("cdnow", real_data / "cdnow" / name)
    assert (log.frame.height, log.frame["customer_id"].n_unique()) == (events, customers)
    assert log.summary.rejected == {}
