"""Chapters 4 and 5: what we show; what goes together and is due again."""

import polars as pl

from training.report import charts, exposure
from training.report.facts import Facts
from training.report.pairs import due_again, due_pairs, durables, together
from training.report.section import Chapter, Section, Tile
from training.report.speech import Speech


def shown_chapter(facts: Facts, speech: Speech) -> Chapter:
    items = facts.item_table
    compared = {
        "category": exposure.by_category(items),
        "brand": exposure.by_brand(items),
        "price_band": exposure.by_price(items),
        "part": exposure.head_and_tail(items),
    }
    return Chapter(
        "exposure",
        lead={
            "customers": speech.show("customers", len(facts.shown.customers)),
            "pages": speech.show("items", len(facts.shown.pages)),
        },
        tiles=_tiles(items, speech),
        sections=[
            *(_compared(name, table, speech) for name, table in compared.items() if table.height),
            Section("stock", exposure.stock(items)),
            Section("never_shown", exposure.never_shown(items, facts.k), note={"k": facts.k}),
            *_unsellable(facts),
            Section("never_sold", exposure.never_sold(items)),
            Section("never_touched", exposure.never_touched(items)),
            _slots(facts, speech),
            Section("exposure_tier", exposure.by_tier(facts)),
        ],
    )


def _unsellable(facts: Facts) -> list[Section]:
    table = exposure.unsellable(facts.item_table, facts.k)
    return [Section("unsellable", table, note={"k": facts.k})] if table.height else []


def _tiles(items: pl.DataFrame, speech: Speech) -> list[Tile]:
    anywhere = items.filter(pl.col("anywhere") > 0).height
    places = int(items["shown"].sum())
    head = int(items.filter("head")["shown"].sum())
    share = speech.show("item_share", anywhere / max(items.filter("sellable").height, 1))
    return [
        Tile(
            speech.say("tile.everywhere"),
            speech.show("items", anywhere),
            speech.say("tile.sellable", value=share),
        ),
        Tile(speech.say("tile.head"), speech.show("head_share", head / max(places, 1))),
    ]


def _compared(name: str, table: pl.DataFrame, speech: Speech) -> Section:
    rows = [
        charts.Bar(
            _label(name, row, speech),
            row["sales_share"] or 0,
            speech.show("sales_share", row["sales_share"]),
            row["shown_share"] or 0,
            speech.show("shown_share", row["shown_share"]),
        )
        for row in table.head(8).iter_rows(named=True)
    ]
    legend = [speech.say("legend.sales"), speech.say("legend.shown")]
    title, note = speech.say(f"section.{name}"), speech.say(f"note.{name}")
    return Section(name, table, chart=charts.bars(rows, title, note, legend))


def _label(name: str, row: dict[str, object], speech: Speech) -> str:
    if name != "price_band":
        return speech.word(name, row[name])
    ends = (row["lowest_minor"], row["highest_minor"])
    return " – ".join(speech.show("price_minor", end) for end in ends)


def _slots(facts: Facts, speech: Speech) -> Section:
    table = exposure.by_slot(facts)
    rows = [
        charts.Bar(speech.word("slot", slot), share, speech.show("coverage", share))
        for slot, share in table.select("slot", "coverage").iter_rows()
    ]
    title, note = speech.say("section.slot"), speech.say("note.slot")
    return Section("slot", table, chart=charts.bars(rows, title, note))


def pairs_chapter(facts: Facts, speech: Speech) -> Chapter:
    pairs, due = together(facts), due_pairs(facts)
    lists = facts.bundle.bought_together
    people = due["customer"].n_unique()
    days = facts.bundle.shop.repurchase.horizon_days
    return Chapter(
        "pairs",
        tiles=[
            Tile(speech.say("tile.pairs"), speech.show("items", len(lists.rows) / 2)),
            Tile(
                speech.say("tile.due_customers"),
                speech.show("customers", people)
                if people >= facts.k or not people
                else speech.say("missing"),
            ),
        ],
        sections=[
            Section("together", pairs, note={"k": facts.k}),
            Section("due_again", due_again(facts), note={"days": days}),
            Section("durables", durables(facts)),
        ],
    )
