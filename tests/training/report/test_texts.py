"""Both languages are whole, and every word that the report can ask for is there."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from engine.customers.labels import LABELS
from engine.reasons import Language
from tests.conftest import silent
from tests.training.report.conftest import speak
from training.report import chapter_customers, findings, quality
from training.report.changes import MEASURES
from training.report.examples import KINDS
from training.report.facts import Facts
from training.report.report import make
from training.report.speech import KINDS as COLUMN_KINDS
from training.report.speech import MINUS, Speech
from training.report.texts import TEXTS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME = {"missing"}  # a dash is a dash
WORDLESS = {"section.development", "section.opinion"}  # digits alone in English


def slots_of(words: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", words))


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_in_both_languages_and_wants_the_same_values(key: str) -> None:
    words = TEXTS[key]
    assert slots_of(words.en) == slots_of(words.zh)
    assert not CHINESE.search(words.en)
    assert key in SAME or CHINESE.search(words.zh) or words.zh.startswith("3+3+4")
    assert key in SAME | WORDLESS or re.search("[a-z]", words.en)


def test_all_that_the_report_says_has_a_text(facts: Facts) -> None:
    """`make` and the page say everything; a text that is missing is a KeyError."""
    english = speak(facts.bundle, facts.slots, "en")
    for chapter in make(facts, english, silent).chapters:
        for section in chapter.sections:
            assert f"section.{section.name}" in TEXTS
            assert f"note.{section.name}" in TEXTS or not (section.in_page or section.chart)
            assert all(f"column.{name}" in TEXTS for name in section.table.columns)


def test_names_of_kinds_and_measures_have_texts() -> None:
    assert all(f"measure.{name}" in TEXTS for name in MEASURES)
    assert all(f"by.{name}" in TEXTS for name in {*quality.BY, *(group for group, _ in KINDS)})
    assert all(name in LABELS[group] for group, name in KINDS)
    assert all(f"section.{name}" in TEXTS for name in chapter_customers.SPLITS)
    codes = {key.removeprefix("finding.") for key in TEXTS if key.startswith("finding.")}
    assert {
        f"engine_{side}_{aim}"
        for side in ("ahead", "behind")
        for aim in ("everything", "new_items")
    } <= codes
    assert (
        len(codes) == len(findings.RULES) + 4
    )  # the week and what is due have two, the engine four for two


def test_the_words_of_the_labels_are_spoken_in_each_language(facts: Facts) -> None:
    for language in get_args(Language):
        speech = speak(facts.bundle, facts.slots, language)
        for group, labels in LABELS.items():
            for name, label in labels.items():
                assert speech.word(group, name).casefold() == label.of(language).casefold()


@pytest.fixture
def speech(facts: Facts) -> Speech:
    return speak(facts.bundle, facts.slots, "en")


def test_numbers_read_as_their_column_says(speech: Speech) -> None:
    assert speech.show("customers", 1234) == "1,234"
    assert speech.show("sales_minor", 123456789) == "1,234,568"
    assert speech.show("price_minor", 1999) == "19.99"
    assert speech.show("difference_minor", -12345) == f"{MINUS}123"
    assert speech.show("difference", 0) == "0"
    assert speech.show("growth", 0.1234) == "+12.3\u00a0%"
    assert speech.show("growth", -0.5) == f"{MINUS}50.0\u00a0%"
    assert speech.show("coverage", None) == "–"
    assert speech.show("change", 0.05, kind="share") == "+5.0 points"
    assert speech.show("change", 0.05, kind="count") == "+5.0\u00a0%"
    assert speech.show("ndcg", 0.31415) == "0.314"
    assert [speech.show("k", of) for of in (0.04, 0.96, 1)] == ["0.04", "0.96", "1.00"]


def test_money_without_decimals_is_not_divided(speech: Speech) -> None:
    yen = replace(speech, minor_units=0)
    assert yen.show("price_minor", 1999) == "1,999"


def test_dates_are_those_of_the_shops_zone(speech: Speech) -> None:
    last_hour_of_the_year = 1_767_222_000_000  # 2025-12-31 23:00 UTC, in Shanghai next morning
    assert speech.date(last_hour_of_the_year) == "1 Jan 2026"
    assert replace(speech, language="zh").date(last_hour_of_the_year) == "2026年1月1日"


def test_every_number_has_a_kind_that_can_be_shown(speech: Speech) -> None:
    for column in COLUMN_KINDS:
        assert speech.show(column, 1.5, kind="count")
