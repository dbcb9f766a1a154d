"""The report: the chapters in the order of a merchandiser's questions, rendered and written."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.bundle import Bundle
from engine.reasons import Language
from training.report.chapter_changes import chapter as changes_chapter
from training.report.chapter_customers import chapter as customers_chapter
from training.report.chapter_goods import pairs_chapter, shown_chapter
from training.report.chapter_quality import chapter as quality_chapter
from training.report.csv_files import csv_of
from training.report.examples import Example, examples
from training.report.facts import Facts
from training.report.findings import Finding, findings
from training.report.render import page
from training.report.section import Chapter
from training.report.speech import Speech

HEAD: Final = 1000  # characters, that hold what a page says of itself


@dataclass(frozen=True, slots=True)
class Report:
    """In one language; HTML and CSV are two ways to write it down."""

    chapters: tuple[Chapter, ...]
    examples: tuple[Example, ...]
    findings: tuple[Finding, ...]


def make(facts: Facts, speech: Speech, say: Callable[[str], None]) -> Report:
    chapters = []
    for build in (
        changes_chapter,
        quality_chapter,
        customers_chapter,
        shown_chapter,
        pairs_chapter,
    ):
        chapters.append(build(facts, speech))
        say(chapters[-1].name)
    return Report(tuple(chapters), examples(facts), findings(facts))


def write(report: Report, facts: Facts, speech: Speech, out: Path) -> Path:
    """OUT/report-<lang>.html and OUT/tables-<lang>/*.csv; each file whole or not at all."""
    tables = out / folder_of(speech.language)
    tables.mkdir(parents=True, exist_ok=True)
    for chapter in report.chapters:
        for section in chapter.sections:
            _put(tables / f"{section.name}.csv", csv_of(section, speech))
    target = page_of(out, speech.language)
    html = page(report.chapters, report.examples, report.findings, facts, speech)
    _put(target, html)
    return target


def page_of(out: Path, language: Language) -> Path:
    return out / f"report-{language}.html"


def smallest_group_of(page: Path) -> int | None:
    """What the page was written with; None for one that cannot be read, or does not say."""
    try:
        with page.open(encoding="utf-8") as stream:
            head = stream.read(HEAD)
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r'<meta name="smallest-group" content="(\d+)">', head)
    return None if found is None else int(found[1])


def folder_of(language: Language) -> str:
    return f"tables-{language}"


def _put(path: Path, words: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(words, encoding="utf-8", newline="")
    unfinished.replace(path)


def speech_of(bundle: Bundle, language: Language, slot_titles: dict[str, str]) -> Speech:
    """`slot_titles`: what the shop calls its slots in that language."""
    shop = bundle.shop.shop
    tiers = {("tier", tier.name): tier.label.of(language) for tier in bundle.shop.loyalty.tiers}
    segments = {
        ("segment", segment.name): segment.label.of(language) for segment in bundle.shop.segments
    }
    slots = {("slot", name): f"{title} ({name})" for name, title in slot_titles.items()}
    zone = ZoneInfo(shop.time_zone)
    return Speech(language, shop.currency, shop.minor_units, zone, tiers | segments | slots)
