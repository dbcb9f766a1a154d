"""The page: one HTML file that needs no network and runs no script."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.reasons import say as say_reason
from training.report.examples import Example, Had, Offer
from training.report.facts import Facts
from training.report.findings import Finding
from training.report.section import Chapter, Section
from training.report.speech import Speech, kind_of

FEW: Final = 4  # columns that look lost over the whole width
SLIM: Final = 6  # columns that find room beside a chart on paper
TEMPLATES: Final = Environment(
    loader=PackageLoader("training.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    chapters: Sequence[Chapter],
    examples: Sequence[Example],
    findings: Sequence[Finding],
    facts: Facts,
    speech: Speech,
) -> str:
    style = TEMPLATES.get_template("style.css").render().strip()
    return TEMPLATES.get_template("report.html.j2").render(
        say=speech.say,
        language={"en": "en", "zh": "zh-Hans"}[speech.language],
        policy=policy(style),
        style=Markup(style),  # noqa: S704  # our own file
        date=speech.date(facts.now),
        smallest_group=facts.k,
        currency=speech.currency,
        bundle=_bundle(facts, speech),
        footer=_footer(facts, speech),
        chapters=[_chapter(chapter, speech) for chapter in chapters],
        examples=[_example(example, speech) for example in examples],
        findings=[_finding(finding, speech) for finding in findings],
    )


def policy(style: str) -> str:
    """Nothing may load; the one style sheet is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _bundle(facts: Facts, speech: Speech) -> str:
    counts = {
        name: speech.show("items", facts.bundle.manifest.counts[name])
        for name in ("events", "customers", "items")
    }
    return speech.say("bundle", version=facts.bundle.version, **counts)


def _orders(count: int, speech: Speech) -> str:
    if count == 1:
        return speech.say("example.one_order")
    return speech.say("example.orders", orders=speech.show("orders", count))


def _footer(facts: Facts, speech: Speech) -> str:
    zone = facts.bundle.shop.shop.time_zone
    return speech.say("footer", currency=speech.currency, zone=zone, k=facts.k)


def _chapter(chapter: Chapter, speech: Speech) -> dict[str, Any]:
    return {
        "name": chapter.name,
        "title": speech.say(f"chapter.{chapter.name}"),
        "lead": speech.say(f"lead.{chapter.name}", **chapter.lead),
        "tiles": chapter.tiles,
        "remarks": chapter.remarks,
        "sections": [
            _section(section, speech)
            for section in chapter.sections
            if section.in_page or section.chart
        ],
    }


def _section(section: Section, speech: Speech) -> dict[str, Any]:
    shown = section.table.head(section.longest) if section.in_page else section.table
    more = section.table.height - shown.height
    file = f"tables-{speech.language}/{section.name}.csv"
    counted = speech.show("items", more)
    return {
        "name": section.name,
        "title": speech.say(f"section.{section.name}"),
        "note": speech.say(f"note.{section.name}", **section.note),
        "chart": Markup(section.chart),  # noqa: S704  # charts escape all that they are given
        "heads": [(speech.say(f"column.{name}"), _is_number(name)) for name in shown.columns],
        "rows": list(_cells(section, shown.iter_rows(), shown.columns, speech)),
        "more": speech.say("more_rows", count=counted, file=file) if more else "",
        "in_page": section.in_page,
        "narrow": len(shown.columns) <= FEW and not section.chart,
        "slim": len(shown.columns) <= SLIM,
    }


def _is_number(column: str) -> bool:
    return kind_of(column) != "word"


def _cells(
    section: Section, rows: Iterable[tuple[Any, ...]], columns: Sequence[str], speech: Speech
) -> Iterable[list[tuple[str, bool]]]:
    for place, row in enumerate(rows):
        mixed = section.kinds[place] if section.kinds else None
        yield [
            (speech.show(name, value, kind=mixed), _is_number(name))
            for name, value in zip(columns, row, strict=True)
        ]


def _finding(finding: Finding, speech: Speech) -> dict[str, str]:
    said = {name: speech.show(name, value) for name, value in finding.values.items()}
    return {
        "text": speech.say(f"finding.{finding.code}", **said),
        "chapter": finding.chapter,
        "see": speech.say(f"chapter.{finding.chapter}"),
    }


def _example(example: Example, speech: Speech) -> dict[str, Any]:
    state = example.state
    facts = []
    if state.known:
        facts = [
            speech.word("stage", state.stage),
            speech.word("value_class", state.value_class),
            speech.word("tier", state.tier),
            _orders(state.orders, speech),
            speech.say("example.spent", sales_minor=speech.money(state.monetary_minor)),
        ]
    return {
        "kind": _kind(example, speech),
        "facts": list(dict.fromkeys(facts)),  # a stage and a class may have one name
        "history": [_had(had, speech) for had in example.history],
        "slates": [
            (speech.word("slot", slot), [_offer(offer, speech) for offer in offers])
            for slot, offers in example.slates
        ],
    }


def _kind(example: Example, speech: Speech) -> str:
    if example.group == "visitor":
        return speech.say("visitor")
    return f"{speech.word('by', example.group)} · {speech.word(example.group, example.name)}"


def _had(had: Had, speech: Speech) -> dict[str, str]:
    units = speech.show("units", had.units)
    did = speech.say("example.bought", units=units) if had.units else speech.say("example.looked")
    return {
        "title": had.title,
        "price": _price(had.price_minor, speech),
        "did": did,
        "at": speech.date(had.at),
    }


def _offer(offer: Offer, speech: Speech) -> dict[str, str]:
    return {
        "title": offer.title,
        "price": _price(offer.price_minor, speech),
        "why": say_reason(offer.reason, offer.because, speech.language, offer.days),
    }


def _price(minor: int, speech: Speech) -> str:
    return "" if minor < 0 else speech.price(minor)
