"""Chapter 3: who our customers are."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from training.report import charts, sales
from training.report.customers import (
    by_group,
    can_tell,
    curve,
    development_moves,
    diagnoses,
    known,
    rfm,
    spread,
    stage_moves,
    stages,
    tiers,
    tops,
)
from training.report.facts import Facts
from training.report.outlook import WEEKS
from training.report.section import Chapter, Section, Tile
from training.report.speech import Speech
from training.report.trade import PERIOD_MS, last

ACTIVE: Final = ("new", "ordinary", "loyal", "advocate")
ASLEEP: Final = ("dormant", "lost")
SPLITS: Final = ("value_class", "development", "opinion", "customer_type", "relation")


LACKING: Final = {
    "no_opinions": ("opinion", "customer_type"),
    "no_members": ("relation",),
}
"""What is said where the log has nothing that these splits tell apart, and which they are."""


def chapter(facts: Facts, speech: Speech) -> Chapter:
    lacking = [note for note, names in LACKING.items() if not can_tell(names[0], facts)]
    left_out = {name for note in lacking for name in LACKING[note]}
    groups = {name: [] if name in left_out else [_group(name, facts, speech)] for name in SPLITS}
    moves = _moves(facts)
    return Chapter(
        "customers",
        tiles=_tiles(facts, speech),
        sections=[
            *groups["value_class"],
            *_diagnoses(facts, speech),
            _rfm(facts, speech),
            _stages(facts, speech),
            *moves[:1],
            *_outlook(facts, speech),
            _tiers(facts, speech),
            *_pareto(facts, speech),
            *groups["development"],
            *moves[1:],
            *groups["opinion"],
            *groups["customer_type"],
            *groups["relation"],
            *_spread(facts, speech),
            _sales("channel", facts, speech),
            _sales("country", facts, speech),
        ],
        remarks=[speech.say(f"note.{note}", k=facts.k) for note in lacking],
    )


def _moves(facts: Facts) -> list[Section]:
    """Of stages, then of the three parts; none for a log that did not begin a period ago."""
    if facts.timeless or not facts.holds(last(PERIOD_MS, facts.now)):
        return []
    return [
        Section("stage_moves", stage_moves(facts)),
        Section("development_moves", development_moves(facts)),
    ]


def _tiles(facts: Facts, speech: Speech) -> list[Tile]:
    people = known(facts)
    counts = {
        "tile.known": people.height,
        "tile.buyers": people.filter(pl.col("frequency") > 0).height,
        "tile.active": people.filter(pl.col("stage").is_in(ACTIVE)).height,
        "tile.asleep": people.filter(pl.col("stage").is_in(ASLEEP)).height,
    }
    return [
        Tile(speech.say(label), speech.show("customers", count), _of(count, people.height, speech))
        for label, count in counts.items()
    ]


def _of(part: int, whole: int, speech: Speech) -> str:
    share = speech.show("customer_share", part / max(whole, 1))
    return "" if part == whole else speech.say("tile.share", value=share)


def _paired(table: pl.DataFrame, name: str, speech: Speech) -> str:
    """Share of customers beside share of sales."""
    rows = [
        charts.Bar(
            speech.word(name, row[name]),
            row["customer_share"] or 0,
            speech.show("customer_share", row["customer_share"]),
            max(row["sales_share"] or 0, 0),
            speech.show("sales_share", row["sales_share"]),
        )
        for row in table.filter(pl.col("customers") > 0).iter_rows(named=True)
    ]
    legend = [speech.say("legend.customers"), speech.say("legend.sales")]
    section = "tiers" if name == "tier" else name
    title, note = speech.say(f"section.{section}"), speech.say(f"note.{section}")
    return charts.bars(rows, title, note, legend)


def _group(name: str, facts: Facts, speech: Speech) -> Section:
    table = by_group(facts, name)
    return Section(name, table, chart=_paired(table, name, speech))


def _diagnoses(facts: Facts, speech: Speech) -> list[Section]:
    table = diagnoses(facts)
    if not table.height:
        return []
    orders, basket, categories = facts.bundle.thresholds.usual
    note = {
        "orders": speech.show("orders", orders),
        "basket": speech.show("basket_minor", basket),
        "categories": speech.show("customers", categories),
    }
    return [Section("diagnosis", table, note=note)]


def _outlook(facts: Facts, speech: Speech) -> list[Section]:
    found = facts.outlook
    if found is None or not found.stages.height:
        return []
    checked = ""
    if found.earlier is not None:
        expected, came = found.earlier
        said = {"expected": expected, "came": came}
        values = {name: speech.show("orders", value) for name, value in said.items()}
        checked = speech.say("outlook.checked", weeks=WEEKS, **values)
    note = {
        "weeks": WEEKS,
        "coming": speech.show("coming", found.coming),
        "sales": speech.show("expected_minor", found.expected_minor),
        "checked": checked,
    }
    return [Section("outlook", found.stages, note=note)]


def _tiers(facts: Facts, speech: Speech) -> Section:
    table = tiers(facts)
    return Section("tiers", table, chart=_paired(table, "tier", speech))


def _rfm(facts: Facts, speech: Speech) -> Section:
    table = rfm(facts)
    cells = {
        (row["recency_score"], row["frequency_score"]): (
            float(row["customers"]),
            speech.show("customers", row["customers"]),
        )
        for row in table.iter_rows(named=True)
    }
    ends = ("long_ago", "lately", "few", "often")
    axes = tuple(speech.say(f"legend.{end}") for end in ends)
    note = speech.say("note.rfm", k=facts.k)
    chart = charts.grid(cells, axes, speech.say("section.rfm"), note)  # type: ignore[arg-type]
    return Section("rfm", table, note={"k": facts.k}, chart=chart, in_page=False)


def _stages(facts: Facts, speech: Speech) -> Section:
    table = stages(facts)
    compared = not facts.timeless and table["before"].count() > 0
    if not compared:
        table = table.drop("before", "difference")
    before = table["before"] if compared else [0] * table.height
    rows = [
        charts.Bar(
            speech.word("stage", name),
            count,
            speech.show("customers", count),
            past or 0,
            speech.show("before", past),
        )
        for name, count, past in zip(table["stage"], table["customers"], before, strict=True)
        if count or past
    ]
    legend = [] if not compared else [speech.say("legend.now"), speech.say("legend.before")]
    chart = charts.bars(rows, speech.say("section.stage"), speech.say("note.stage"), legend)
    return Section("stage", table, chart=chart)


def _pareto(facts: Facts, speech: Speech) -> Sequence[Section]:
    table, line = tops(facts), curve(facts)
    fifth = table.filter(pl.col("best") == pl.lit(0.2)).row(0, named=True)
    series = [
        (
            speech.say(f"legend.{name}"),
            line[f"{name}_part"].to_list(),
            speech.show("sales_share", fifth[f"{name}_part"]),
        )
        for name in ("customers", "items")
    ]
    title, note = speech.say("section.tops"), speech.say("note.tops")
    mark = (0.2, speech.say("legend.fifth"))
    chart = charts.curve(line["best"].to_list(), series, mark, title, note)
    return [Section("tops", table, chart=chart), Section("curve", line, in_page=False)]


def _sales(group: str, facts: Facts, speech: Speech) -> Section:
    table = sales.by(facts, group)
    if table["year_growth"].null_count() == table.height:
        table = table.drop("year_growth")
    rows = [
        charts.Bar(
            speech.word(group, row[group]),
            max(row["sales_minor"], 0),
            speech.show("sales_minor", row["sales_minor"]),
        )
        for row in table.head(8).iter_rows(named=True)
    ]
    chart = charts.bars(rows, speech.say(f"section.{group}"), speech.say(f"note.{group}"))
    return Section(group, table, chart=chart if len(rows) > 1 else "")


def _spread(facts: Facts, speech: Speech) -> list[Section]:
    """Where nobody invited or brought anybody there is nothing to say."""
    table = spread(facts)
    if not table.select((pl.col("invitations") + pl.col("newcomers")).sum()).item():
        return []
    tipping = table.filter("tipping")["cohort"].to_list()
    told = ", ".join(tipping) or speech.say("none_tips")
    return [Section("spread", table.drop("tipping"), note={"cohorts": told})]
