from pathlib import Path

import pytest

from tests.training.importers.conftest import Importing


def test_each_pair_is_an_event_without_a_time(importing: Importing) -> None:
    log = importing("lists", "u1 a b a\n\nu2  c \nu3\n")
    assert log.frame.select("event_id", "customer_id", "item_id").sort("event_id").rows() == [
        ("l1:0000001", "u1", "a"),
        ("l1:0000002", "u1", "b"),
        ("l3:0000001", "u2", "c"),
    ]
    assert log.log.header.timeless
    assert log.frame["at"].n_unique() == 1
    assert log.summary.set_aside == {"repeated_item": 1, "line_without_items": 1}


def test_the_log_keeps_the_order_of_a_line(importing: Importing) -> None:
    items = [f"i{place * 7 % 30}" for place in range(30)]
    log = importing("lists", f"u1 {' '.join(items)}\n")
    assert log.frame["item_id"].to_list() == items


def test_an_item_that_is_too_long_is_rejected_alone(importing: Importing) -> None:
    log = importing("lists", f"u1 a {'x' * 257}\n")
    assert log.frame["item_id"].to_list() == ["a"]
    assert log.summary.rejected == {"item_id_too_long": 1}


@pytest.mark.real_data
def test_eight_hundred_thousand_pairs_import(importing: Importing, real_data: Path) -> None:
    log = importing("lists", real_data / "gowalla" / "train.txt")
    assert log.frame.height == 810_128
    assert log.frame["customer_id"].n_unique() == 29_858
