"""Chapter 1: what changed since last week."""

from typing import Final

import polars as pl

from training.report import charts
from training.report.changes import MOVERS, movers, week, weekly
from training.report.facts import Facts
from training.report.section import Chapter, Section, Tile
from training.report.speech import Speech

MEASURE_KINDS: Final = {
    "sales_minor": "money",
    "orders": "count",
    "customers": "count",
    "new_customers": "count",
    "median_order_minor": "money",
    "units": "count",
    "refund_share": "share",
    "known_share": "share",
}
BIG: Final = ("sales_minor", "orders", "customers", "new_customers")


def chapter(facts: Facts, speech: Speech) -> Chapter:
    if facts.timeless:
        return Chapter("changes", remarks=[speech.say("timeless")])
    table, weeks = week(facts), weekly(facts)
    kinds = [MEASURE_KINDS[name] for name in table["measure"]]
    return Chapter(
        "changes",
        tiles=_tiles(table, speech),
        sections=[
            Section("week", table, kinds=kinds, chart=_weekly(weeks, speech)),
            Section("weekly", weeks, in_page=False),
            Section("movers", movers(facts), note={"k": facts.k}, longest=2 * MOVERS),
        ],
    )


def _tiles(table: pl.DataFrame, speech: Speech) -> list[Tile]:
    rows = {row["measure"]: row for row in table.iter_rows(named=True)}
    return [_tile(name, rows[name]["this_week"], rows[name]["change"], speech) for name in BIG]


def _tile(name: str, value: float | None, change: float | None, speech: Speech) -> Tile:
    told = speech.show("this_week", value, kind=MEASURE_KINDS[name])
    if change is None:
        return Tile(speech.word("measure", name), told, speech.say("tile.no_compare"))
    against = speech.say("tile.last_week", value=speech.show("growth", change))
    return Tile(speech.word("measure", name), told, against)


def _weekly(table: pl.DataFrame, speech: Speech) -> str:
    if table.height < 2:
        return ""
    values = [float(value) for value in table["sales_minor"]]
    best, final = max(range(len(values)), key=values.__getitem__), len(values) - 1
    said = [(final, speech.money(values[final]))]
    if final - best > len(values) * 0.2:
        said.insert(0, (best, speech.money(values[best])))
    title = speech.say("section.weekly")
    drawn = charts.columns(values, said, title, speech.say("note.weekly"))
    first, last = (speech.date(table["week_end"][place]) for place in (0, -1))
    return charts.with_ends(drawn, first, last)
