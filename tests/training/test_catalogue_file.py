from pathlib import Path

import polars as pl
import pytest

from engine.errors import LogError
from training.catalogue_file import checked_items, read_items
from training.log import ITEMS_SCHEMA

FILE = Path("shop.items.parquet")


def of(**columns: object) -> pl.DataFrame:
    return checked_items(pl.DataFrame({"item_id": ["a", "b"]} | columns), FILE)


def test_columns_that_are_not_there_or_hold_nothing_are_null(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    given = {"item_id": [7, 8], "stock": [None, None], "kind": None}
    pl.DataFrame(given).write_parquet(path)
    items = read_items(path)
    assert items.schema == ITEMS_SCHEMA
    assert items["item_id"].to_list() == ["7", "8"]
    assert items.drop("item_id").null_count().row(0) == (2,) * 8


def test_whole_numbers_of_any_type_are_read() -> None:
    items = of(price_minor=[150.0, None], stock=pl.Series([3, 0], dtype=pl.UInt8))
    assert items["price_minor"].to_list() == [150, None]
    assert items["stock"].to_list() == [3, 0]


def test_every_fault_is_told_at_once_with_its_column_and_items() -> None:
    with pytest.raises(LogError) as refused:
        checked_items(
            pl.DataFrame(
                {
                    "item_id": ["a", "b", "a", None, " "],
                    "kind": ["goods", "good", "service", None, "content"],
                    "stock": [-7, 0, None, 1, 2],
                    "price_minor": [1.5, 2.0, None, 0.0, 1.0],
                    "list_price_minor": [1, -1, None, None, None],
                    "available": ["yes", None, None, None, None],
                }
            ),
            FILE,
        )
    assert str(refused.value).splitlines() == [
        (
            "shop.items.parquet: price_minor is no whole number of minor units (1.5) "
            "in 1 of 5 lines, first 'a'"
        ),
        "shop.items.parquet: available is no Boolean ('yes') in 1 of 5 lines, first 'a'",
        "shop.items.parquet: item_id is missing or blank in 2 of 5 lines, first null, ' '",
        "shop.items.parquet: item_id is there more than once in 2 of 5 lines, first 'a'",
        (
            "shop.items.parquet: kind is none of goods, content, service ('good') "
            "in 1 of 5 lines, first 'b'"
        ),
        "shop.items.parquet: stock is below 0 (-7) in 1 of 5 lines, first 'a'",
        "shop.items.parquet: list_price_minor is below 0 (-1) in 1 of 5 lines, first 'b'",
    ]


@pytest.mark.parametrize("path", [" > tea", "drinks > ", "drinks >  > tea", ">", " > "])
def test_a_category_with_an_empty_part_is_refused(path: str) -> None:
    with pytest.raises(LogError, match=r"category is a path with an empty part .* first 'b'"):
        of(category=["drinks", path])


def test_spaces_around_a_category_are_trimmed_and_a_blank_one_is_none() -> None:
    items = of(category=["  drinks >   green tea ", " "])
    assert items["category"].to_list() == ["drinks > green tea", None]
    assert of(category=["a>b", ""])["category"].to_list() == ["a>b", None]


def test_a_column_that_the_catalogue_has_not_is_refused_with_the_nearest() -> None:
    """Passed over, `price` would leave every item without one."""
    with pytest.raises(LogError) as refused:
        of(price=[1.5, 2.0], colour=["red", "blue"])
    first, second, hint = str(refused.value).splitlines()
    assert first.startswith(
        "shop.items.parquet: 'price' is no column of the catalogue; did you mean price_minor? known"
    )
    assert second.startswith("shop.items.parquet: 'colour' is no column of the catalogue; known: ")
    assert hint.startswith("caini import --items FILE reads prices in the currency")


def test_what_is_no_table_or_has_no_items_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    path.write_bytes(b"item_id\na\n")
    with pytest.raises(LogError, match=r"is no readable Parquet file .* caini import --items FILE"):
        read_items(path)
    with pytest.raises(LogError, match="item_id: the catalogue has no such column; there: sku"):
        checked_items(pl.DataFrame({"sku": ["a"]}), FILE)
