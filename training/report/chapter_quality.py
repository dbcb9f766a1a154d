"""Chapter 2: is the engine good."""

import re
from datetime import UTC, datetime
from typing import Final

import polars as pl

from training.evaluate import PERSONAL, POPULAR
from training.report import charts
from training.report.facts import Facts
from training.report.quality import Forward, forward, held_out
from training.report.rankers import rankers
from training.report.section import Chapter, Section, Tile
from training.report.speech import Speech

SMALLEST_P: Final = 0.001  # 2,000 resamples cannot tell less
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+")
AIMS: Final = (("everything", "tile.recall_all"), ("new_items", "tile.recall_new"))


def chapter(facts: Facts, speech: Speech) -> Chapter:
    manifest = facts.bundle.manifest
    table = held_out(manifest, facts.previous.manifest if facts.previous else None)
    since = forward(facts)
    remarks = [] if since else [speech.say("note.no_forward")]
    if not table.height:
        remarks.insert(0, speech.say("note.not_measured"))
    sections = [_held_out(table, facts, speech)] if table.height else []
    if since:
        sections.append(_forward(since, speech))
    learned, unlearned = rankers(manifest, speech)
    sections, remarks = [*sections, *learned], [*remarks, *unlearned]
    return Chapter("quality", tiles=_tiles(table, speech), sections=sections, remarks=remarks)


def _tiles(table: pl.DataFrame, speech: Speech) -> list[Tile]:
    found = {(row["path"], row["aim"]): row for row in table.iter_rows(named=True)}
    tiles = []
    for aim, label in AIMS:
        ours, theirs = found.get((PERSONAL, aim)), found.get((POPULAR, aim))
        if ours and theirs:
            against = speech.say("tile.popular", value=speech.show("recall", theirs["recall"]))
            tiles.append(Tile(speech.say(label), speech.show("recall", ours["recall"]), against))
    if tiles:
        ours, theirs = found[PERSONAL, "everything"], found[POPULAR, "everything"]
        against = speech.say("tile.popular", value=speech.show("coverage", theirs["coverage"]))
        shown = speech.show("coverage", ours["coverage"])
        tiles.append(Tile(speech.say("tile.coverage"), shown, against))
    return tiles


def _held_out(table: pl.DataFrame, facts: Facts, speech: Speech) -> Section:
    metrics = facts.bundle.manifest.metrics
    recalls = dict(zip(zip(table["path"], table["aim"], strict=True), table["recall"], strict=True))
    rows = [
        charts.Bar(
            speech.word("aim", aim),
            recalls.get((PERSONAL, aim)) or 0,
            speech.show("recall", recalls.get((PERSONAL, aim))),
            recalls.get((POPULAR, aim)) or 0,
            speech.show("recall", recalls.get((POPULAR, aim))),
        )
        for aim, _ in AIMS
    ]
    legend = [speech.say("legend.personal"), speech.say("legend.popular")]
    values = {
        "split": _split(str(metrics.get("split", "")), speech),
        "count": speech.show("customers", metrics.get("customers", 0)),
    }
    note = speech.say("note.held_out", **values)
    chart = charts.bars(rows, speech.say("section.held_out"), note, legend)
    return Section("held_out", table, note=values, chart=chart)


def _split(told: str, speech: Speech) -> str:
    """The trainer's words for the hold-out, said in the language of the report."""
    found = INSTANT.search(told)
    if found is None:
        return speech.say("split.random")
    at = datetime.fromisoformat(found[0]).replace(tzinfo=UTC).timestamp() * 1000
    return speech.say("split.time", date=speech.date(at))


def _forward(since: Forward, speech: Speech) -> Section:
    def share(value: float) -> str:
        return speech.show("recall", value)

    note = {
        "version": since.version,
        "days": f"{since.days:.0f}",
        "count": speech.show("customers", since.customers),
        "personal": share(since.personal.mean),
        "low": share(since.personal.low),
        "high": share(since.personal.high),
        "popular": share(since.popular.mean),
        "difference": speech.show("difference_share", since.difference.mean),
        "from_": speech.show("difference_share", since.difference.low),
        "to": speech.show("difference_share", since.difference.high),
        "p": f"= {since.p_value:.3f}" if since.p_value >= SMALLEST_P else f"< {SMALLEST_P}",
    }
    groups = since.groups.with_columns(
        group=pl.Series([speech.word(by, name) for by, name in since.groups[:, :2].iter_rows()])
    )
    rows = [
        charts.Whisker(
            f"{speech.word('by', row['by'])}: {row['group']}",
            row["recall"],
            row["low"],
            row["high"],
            row["popular"],
            share(row["recall"]),
        )
        for row in groups.iter_rows(named=True)
    ]
    legend = [speech.say("legend.personal"), speech.say("legend.popular")]
    title = speech.say("section.forward")
    chart = charts.whiskers(rows, title, speech.say("note.forward", **note), legend)
    return Section("forward", groups, note=note, chart=chart, longest=len(rows))
