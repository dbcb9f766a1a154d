from engine.catalogue import ItemChange, apply_changes
from tests.worlds import BLACK, CUP, GREEN, GUIDE, MILK, POT, catalogue


def test_a_category_holds_what_is_below_it() -> None:
    shop = catalogue()
    drinks = shop.categories.row("drinks")
    assert shop.within(drinks).nonzero()[0].tolist() == [GREEN, BLACK, MILK]
    assert shop.within(drinks + 1).nonzero()[0].tolist() == [GREEN, BLACK]
    assert not shop.within(-1).any()
    assert not shop.within(99).any()


def test_only_what_is_given_changes() -> None:
    before = catalogue()
    after = apply_changes(
        before,
        {
            CUP: ItemChange(item_id="cup", available=False),
            POT: ItemChange(item_id="pot", stock=0),
            MILK: ItemChange(item_id="milk", price_minor=800, list_price_minor=1000),
            GREEN: ItemChange(item_id="green", category="home"),
            BLACK: ItemChange(item_id="black", category="never heard of"),
        },
    )
    assert after.sellable.tolist() == [True, True, True, False, False, True]
    assert before.sellable.all()
    assert after.on_sale.nonzero()[0].tolist() == [BLACK, MILK]
    assert before.on_sale.nonzero()[0].tolist() == [BLACK]
    assert after.category[GREEN] == after.categories.row("home")
    assert after.category[BLACK] == before.category[BLACK]
    assert after.price_minor[CUP] == before.price_minor[CUP]


def test_an_item_without_a_price_is_never_on_sale() -> None:
    changed = apply_changes(catalogue(), {GUIDE: ItemChange(item_id="guide", list_price_minor=500)})
    assert not changed.on_sale[GUIDE]
