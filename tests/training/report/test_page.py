"""The page is sound for every reader: what it holds, what it forbids, what it escapes."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.bundle import Bundle
from engine.text import TextColumn
from tests.conftest import silent
from training.report.charts import Bar, bars
from training.report.facts import Facts
from training.report.report import make, write
from training.report.speech import Speech

MOST_BYTES = 1_000_000
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    "</title></desc></svg><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; \u202e ]]>",
)
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "h4"),
    *("nav", "ol", "ul", "li", "main", "section", "span", "dl", "div", "dt", "dd", "article"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "footer", "details", "summary"),
    *("svg", "desc", "text", "rect", "line", "circle", "polyline"),
}


class Reader(HTMLParser):
    """All tags with their attributes, the words between them, and how deep they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=["en", "zh"])
def html(request: pytest.FixtureRequest, written: Mapping[str, Path]) -> str:
    return written[request.param].read_text("utf-8")


def test_the_page_is_small_and_needs_nothing_else(html: str) -> None:
    assert len(html.encode()) < MOST_BYTES
    assert not re.search(r"https?:|//[a-z]|url\(|@import|data:(?!;)\w", html)
    page = Reader(html)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
    assert not [attributes for _, attributes in page.tags if "style" in attributes]
    assert all((link["href"] or "").startswith("#") for link in page.named("a"))


def test_its_policy_allows_its_own_style_and_nothing_else(html: str) -> None:
    policy = next(m["content"] for m in Reader(html).named("meta") if "http-equiv" in m)
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;")
    assert "unsafe" not in policy


def test_a_screen_reader_finds_its_way(html: str) -> None:
    page = Reader(html)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)
    kinds = Counter(tag for tag, _ in page.tags)
    assert kinds["main"] == kinds["nav"] == kinds["header"] == kinds["footer"] == 1
    assert kinds["caption"] == kinds["table"] > 15
    assert kinds["desc"] == kinds["svg"] > 10
    assert kinds["title"] == kinds["svg"] + 1
    assert all(drawn["role"] == "img" for drawn in page.named("svg"))
    assert all(head.get("scope") in ("col", "row") for head in page.named("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {(link["href"] or "")[1:] for link in page.named("a")}
    named = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert links | named <= set(ids)


def test_the_questions_come_in_their_order(html: str) -> None:
    chapters = re.findall(r'<section class="chapter" id="(\w+)"', html)
    assert chapters == [
        *("changes", "quality", "customers", "exposure", "pairs", "examples", "findings")
    ]


def test_the_language_is_said_and_kept(written: Mapping[str, Path]) -> None:
    english, chinese = (written[name].read_text("utf-8") for name in ("en", "zh"))
    assert '<html lang="en">' in english
    assert '<html lang="zh-Hans">' in chinese
    heads = re.compile(r"<h[123][^>]*>(.*?)</h[123]>|<th scope=\"col\"[^>]*>(.*?)</th>")
    latin = {
        words
        for pair in heads.findall(chinese)
        for words in pair
        if words and not re.search(r"[\u4e00-\u9fff]", words)
    }
    assert latin <= {"3+3+4"}


def test_nobody_is_named(html: str, facts: Facts) -> None:
    ids = facts.bundle.customers.ids(range(len(facts.bundle.customers)))
    words = set(re.findall(r"[\w-]+", html))
    assert not words & set(ids)


def test_titles_cannot_become_markup(
    facts: Facts, speeches: Mapping[str, Speech], tmp_path: Path
) -> None:
    """Every title is an attack; none of them comes out as a tag, an attribute or a template."""
    bundle: Bundle = facts.bundle
    attacks = [f"{PAYLOADS[row % len(PAYLOADS)]} {row}" for row in range(len(bundle.items))]
    catalogue = replace(bundle.catalogue, titles=TextColumn.build(attacks))
    hostile = replace(facts, bundle=replace(bundle, catalogue=catalogue))
    page = write(make(hostile, speeches["en"], silent), hostile, speeches["en"], tmp_path)
    html = page.read_text("utf-8")
    read = Reader(html)
    assert {tag for tag, _ in read.tags} <= ALLOWED
    assert not [name for _, attributes in read.tags for name in attributes if name[:2] == "on"]
    words = "".join(read.words)
    assert "<script>alert(1)</script>" in words
    assert "{{ 7*7 }}" in words
    assert "49{%" not in words


def test_charts_escape_their_labels() -> None:
    drawn = bars([Bar(PAYLOADS[0], 1, PAYLOADS[1])], PAYLOADS[4], PAYLOADS[5])
    assert {tag for tag, _ in Reader(drawn).tags} == {"svg", "title", "desc", "text", "rect"}
