import numpy as np
import polars as pl
import pytest

from engine.catalogue import ItemKind
from engine.types import NO_ROWS
from engine.words import words_of
from training.catalogue import catalogue_of, listed_in, words_index
from training.log import ITEMS_SCHEMA

IDS = ["a", "b", "c", "d"]
ITEMS = pl.DataFrame(
    {
        "item_id": ["c", "a", "b", "stranger"],
        "title": ["Green tea 绿茶", "Black tea", None, "Not of this log"],
        "category": ["drinks > tea", "drinks > tea > black", "drinks", "books"],
        "brand": ["qing", None, "dairy", None],
        "kind": [None, "service", "goods", None],
        "price_minor": [500, 900, None, 1],
        "list_price_minor": [None, 1000, None, None],
        "stock": [3, 0, None, None],
        "available": [True, None, False, True],
    }
)


def made(items: pl.DataFrame | None = ITEMS):  # type: ignore[no-untyped-def]
    return catalogue_of(items, IDS, np.arange(4, dtype=np.int64))


def test_columns_follow_the_rows_of_the_items() -> None:
    shop = made()
    assert [shop.titles[row] for row in range(4)] == ["Black tea", "", "Green tea 绿茶", ""]
    assert shop.price_minor.tolist() == [900, -1, 500, -1]
    assert shop.stock.tolist() == [0, -1, 3, -1]
    assert shop.available.tolist() == [True, False, True, True]
    assert shop.sellable.tolist() == [False, False, True, True]
    assert shop.kind.tolist() == [ItemKind.SERVICE, 0, 0, 0]
    assert [shop.brands.id(code) if code >= 0 else None for code in shop.brand.tolist()] == [
        None,
        "dairy",
        "qing",
        None,
    ]


def test_a_category_and_every_prefix_of_its_path_have_codes_in_order() -> None:
    shop = made()
    paths = shop.categories.ids(range(len(shop.categories)))
    assert paths == ["drinks", "drinks > tea", "drinks > tea > black"]
    assert shop.category_end.tolist() == [3, 3, 3]
    assert shop.within(1).tolist() == [True, False, True, False]


def test_siblings_do_not_lie_within_each_other() -> None:
    items = pl.DataFrame({"item_id": IDS, "category": ["a > b", "a > c", "a b", "a > b > d"]})
    shop = made(items.join(ITEMS.drop("category"), on="item_id", how="left"))
    ends = dict(
        zip(shop.categories.ids(range(len(shop.categories))), shop.category_end, strict=True)
    )
    codes = {path: code for code, path in enumerate(ends)}
    assert ends["a > b"] == codes["a > b > d"] + 1
    assert ends["a > c"] == codes["a > c"] + 1
    assert ends["a"] - codes["a"] == 4


def test_without_a_catalogue_everything_sells_and_nothing_else_is_known() -> None:
    shop = made(None)
    assert shop.sellable.all()
    assert len(shop.categories) == 0
    assert (shop.category == -1).all()


def test_search_words_find_titles_brands_and_categories() -> None:
    words, lists = words_index(made(), NO_ROWS)

    def found(text: str) -> set[int]:
        rows = [words.row(word) for word in words_of(text)]
        return {int(row) for key in rows if key >= 0 for row in lists.of(key, 10).rows}

    assert found("绿茶") == {2}
    assert found("qing") == {2}
    assert found("black") == {0}
    assert found("nothing") == set()


def test_of_a_word_that_many_hold_what_sells_most_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.catalogue.MAX_PER_WORD", 1)
    monkeypatch.setattr("training.catalogue.MAX_WORD_SHARE", 1.0)
    for best in ([0], [2], [2, 0]):
        words, lists = words_index(made(), np.array(best, np.int32))
        assert lists.of(words.row("tea"), 9).rows.tolist() == best[:1]


def test_what_a_catalogue_file_holds_is_told_apart_from_what_it_lacks() -> None:
    assert listed_in(None, ["a"]) is None
    listed = listed_in(pl.DataFrame({"item_id": ["b", "d", "b"]}), ["a", "b", "c", "d"])
    assert listed is not None
    assert listed.tolist() == [False, True, False, True]
    empty = listed_in(pl.DataFrame(schema=ITEMS_SCHEMA), ["a"])
    assert empty is not None
    assert empty.tolist() == [False]
