from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.training.importers.conftest import Importing
from training.importers.online_retail import SERVICE_CODES
from training.importers.refunds import order_of_refunds

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def line(
    invoice: str = "1",
    code: str = "85123A",
    title: str = "HEART",
    units: int = 6,
    at: str = "2010-12-01 08:26:00",
    price: str = "2.55",
    customer: str = "17850",
) -> str:
    return f"{invoice},{code},{title},{units},{at},{price},{customer},United Kingdom\n"


def catalogue(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "log.items.parquet")


def test_an_invoice_line_becomes_a_purchase(importing: Importing) -> None:
    log = importing("online-retail", HEADER + line())
    assert log.rows == [
        {
            "event_id": "1:2",
            "type": "purchase",
            "at": datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
            "customer_id": "17850",
            "visitor_id": None,
            "item_id": "85123A",
            "quantity": 6,
            "unit_price_minor": 255,
            "order_id": "1",
            "channel": "web",
            "slate_id": None,
            "position": None,
            "query": None,
            "properties": '{"country":"United Kingdom"}',
        }
    ]
    assert log.log.header.currency == "GBP"


def test_parquet_says_the_same(importing: Importing, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "InvoiceNo": ["1"],
            "StockCode": ["85123A"],
            "Description": ["HEART"],
            "Quantity": [6],
            "InvoiceDate": [datetime(2010, 12, 1, 8, 26)],  # noqa: DTZ001
            "UnitPrice": [2.55],
            "CustomerID": [17850.0],
            "Country": ["United Kingdom"],
        }
    )
    frame.write_parquet(tmp_path / "shop.parquet")
    [row] = importing("online-retail", tmp_path / "shop.parquet").rows
    [text] = importing("online-retail", HEADER + line()).rows
    assert row == text | {"event_id": "1:1"}


@pytest.mark.parametrize("at", ["7/1/2011 8:26", "2011-07-01T08:26:00", "2011-07-01 08:26"])
def test_clocks_are_those_of_london(importing: Importing, at: str) -> None:
    [row] = importing("online-retail", HEADER + line(at=at)).rows
    assert row["at"] == datetime(2011, 7, 1, 7, 26, tzinfo=UTC)


def test_the_names_of_the_second_edition_are_known(importing: Importing) -> None:
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    assert importing("online-retail", header + line()).frame.height == 1


def test_a_line_without_a_customer_is_of_an_anonymous_basket(importing: Importing) -> None:
    [row] = importing("online-retail", HEADER + line(customer="")).rows
    assert (row["customer_id"], row["visitor_id"]) == (None, "basket:1")


def test_a_cancellation_takes_back_the_latest_order_that_has_enough(importing: Importing) -> None:
    text = HEADER + "".join(
        [
            line("1", units=10, at="2011-01-01 10:00:00"),
            line("2", units=4, at="2011-01-02 10:00:00"),
            line("3", units=20, at="2011-02-09 10:00:00"),
            line("C4", units=-4, at="2011-01-03 10:00:00"),  # of order 2
            line("C5", units=-4, at="2011-01-04 10:00:00"),  # 2 has none left: of order 1
            line("C6", units=-7, at="2011-01-05 10:00:00"),  # more than 1 has left: of no order
            line("C7", units=-6, at="2011-01-06 10:00:00"),  # the rest of order 1
            line("C8", units=-1, at="2011-03-01 10:00:00", customer="9"),  # another customer
        ]
    )
    log = importing("online-retail", text)
    refunds = log.frame.filter(type="refund")
    assert refunds["order_id"].to_list() == ["2", "1", None, "1", None]
    assert refunds["quantity"].to_list() == [4, 4, 7, 6, 1]
    assert refunds["properties"][0] == '{"country":"United Kingdom","invoice":"C4"}'


def test_an_order_split_over_lines_counts_as_one_for_its_refund() -> None:
    def event(kind: str, order: str | None, units: int, at: int) -> dict[str, object]:
        return {
            "customer_id": "c",
            "item_id": "i",
            "type": kind,
            "event_id": f"{kind}{at}",
            "order_id": order,
            "quantity": units,
            "at": at,
        }

    events = [
        event("refund", None, 5, 3),
        event("purchase", "1", 3, 1),
        event("purchase", "1", 2, 2),
    ]
    assert order_of_refunds(pl.LazyFrame(events)).rows() == [("refund3", "1")]


@pytest.mark.parametrize("code", [*SERVICE_CODES, "m", "gift_0001_20", "TEST001"])
def test_service_codes_are_no_goods(importing: Importing, code: str) -> None:
    log = importing("online-retail", HEADER + line() + line(code=code, price="-5"))
    assert log.frame.height == 1
    assert log.summary.set_aside == {"service_code": 1}
    assert log.summary.rejected == {}


def test_stock_adjustments_are_set_aside_and_gifts_to_customers_stay(importing: Importing) -> None:
    text = HEADER + "".join(
        [
            line(price="0", customer="", units=-30, title="damaged"),
            line(price="0.0", customer="", units=30, title="found"),
            line(price="0.0"),
        ]
    )
    log = importing("online-retail", text)
    assert log.summary.set_aside == {"stock_adjustment": 2}
    assert log.frame["unit_price_minor"].to_list() == [0]


def test_quantities_of_the_wrong_sign_are_rejected(importing: Importing) -> None:
    log = importing("online-retail", HEADER + line() + line(units=-1) + line("C1", units=1))
    assert log.summary.rejected == {"quantity_out_of_range": 2}


def test_letters_of_a_code_count_in_either_case(importing: Importing) -> None:
    log = importing("online-retail", HEADER + line(code="15056BL") + line(code="15056bl"))
    assert log.frame["item_id"].to_list() == ["15056BL", "15056BL"]


def test_the_catalogue_has_the_usual_title_and_the_last_price_paid(
    importing: Importing, tmp_path: Path
) -> None:
    text = HEADER + "".join(
        [
            line(title="HEART"),
            line(title="HEART", at="2011-01-01 00:00:00", price="3.005"),
            line(title="heart?", at="2011-01-02 00:00:00", price="0"),
            line(code="2", title="", price="1"),
        ]
    )
    importing("online-retail", text)
    assert catalogue(tmp_path).select("item_id", "title", "price_minor", "available").rows() == [
        ("2", None, 100, True),
        ("85123A", "HEART", 300, True),
    ]


def test_bad_times_and_prices_are_rejected(importing: Importing) -> None:
    text = HEADER + line() + line(at="soon") + line(price="-1") + line(at="2011-03-27 01:30:00")
    assert importing("online-retail", text).summary.rejected == {
        "at_not_an_instant": 1,
        "unit_price_out_of_range": 1,
        "at_without_time_zone": 1,  # the hour that London skipped
    }


@pytest.mark.real_data
def test_the_real_shop_imports_without_a_reject(importing: Importing, real_data: Path) -> None:
    log = importing("online-retail", real_data / "online-retail" / "online_retail.parquet")
    assert log.summary.rows == 541_909
    assert log.summary.rejected == {}
    assert log.summary.set_aside == {"service_code": 2950, "stock_adjustment": 2464}
    assert log.summary.by_type == {"purchase": 527_791, "refund": 8704}
    assert log.frame["customer_id"].n_unique() == 4363 + 1  # and none
