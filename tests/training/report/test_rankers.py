"""What was decided about learned rankers: told with the figures that decided it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log2

import polars as pl
import pytest

from engine.query import Asked, enrich
from engine.recommend import recommend
from engine.slots import Repeat, check_slots
from tests.conftest import CONFIG, silent
from tests.training.loyal import Line, loyal, visits
from tests.training.report.conftest import speak
from training.assemble import Source, assemble, read_source
from training.config import TrainConfig
from training.log import LogHeader, conform
from training.models.als import AlsConfig
from training.ranker import learn_rankers
from training.ranker_config import Learn, RankerConfig
from training.report.facts import Facts
from training.report.rankers import rankers
from training.report.report import make
from training.report.section import Chapter
from training.report.speech import Speech
from training.train import read_settings

Frame = Callable[[Sequence[Line]], pl.LazyFrame]
SETTINGS = read_settings(CONFIG)
DAYS, K = 20, 3
TRAIN = TrainConfig(
    als=AlsConfig(factors=8, iterations=2),
    ranker=RankerConfig(
        learn=Learn.WHEN_IT_HELPS,
        days=DAYS,
        share=0.9,
        fewest_customers=100,
        fewest_in_leaf=50,
        k=K,
    ),
)


def quality(facts: Facts, told: dict[str, object], language: str = "en") -> Chapter:
    """The chapter as the report makes it, of a bundle whose manifest says so."""
    settings = TRAIN.model_dump(mode="json")
    manifest = facts.bundle.manifest.model_copy(update={"ranker": told, "settings": settings})
    changed = replace(facts, bundle=replace(facts.bundle, manifest=manifest))
    speech = speak(changed.bundle, changed.slots, language)  # type: ignore[arg-type]
    return next(c for c in make(changed, speech, silent).chapters if c.name == "quality")


def test_the_figures_are_those_of_slates_asked_one_by_one(
    frame: Frame, facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    """What the slot's own weights put first for each, judged by hand by the days that judged."""
    slot = {"title": {"en": "x", "zh": "x"}, "sources": {"again": 1, "popular": 1}}
    slots = check_slots(
        {"my": {**slot, "ranker": "my", "repeat": "always"}}, "slots.toml", SETTINGS.shop
    )
    log = conform(frame(visits(loyal)).collect())
    told = learn_rankers(
        Source(log.lazy(), LogHeader("GBP", 2), None), SETTINGS.shop, slots, TRAIN, silent
    ).told
    cut = log["at"].max() - pl.duration(days=DAYS)  # type: ignore[operator]
    known = Source(log.lazy().filter(pl.col("at") <= cut), LogHeader("GBP", 2), None)
    data = read_source(known, SETTINGS.shop)
    bundle = assemble(known, data, SETTINGS.shop, TRAIN, silent)
    plain, marks = slots["my"].repeating(Repeat.ALWAYS).unranked(), []
    later = log.filter(pl.col("at") > cut)
    for (who,), part in later.group_by("customer_id"):
        query = enrich(Asked(n=K, customer_id=str(who)), bundle, bundle.manifest.watermark)
        shown = [bundle.items.id(item.row) for item in recommend(query, plain, bundle).items]
        wanted = set(part["item_id"])
        gain = sum(1 / log2(place + 2) for place, item in enumerate(shown) if item in wanted)
        marks.append(gain / sum(1 / log2(place + 2) for place in range(min(K, len(wanted)))))
    chapter = quality(facts, told)
    (section,) = [one for one in chapter.sections if one.name == "rankers"]
    (row,) = section.table.iter_rows(named=True)
    assert (row["slot"], row["decision"], row["customers"]) == ("my", "taken", len(marks))
    assert row["ndcg_without"] == pytest.approx(sum(marks) / len(marks), abs=1e-5)
    assert row["ndcg_with"] - row["ndcg_without"] == pytest.approx(row["ndcg_change"], abs=2e-6)
    assert 0 < row["ndcg_from"] < row["ndcg_change"] < row["ndcg_to"]
    assert section.note == {"k": K}
    assert speeches["en"].show("ndcg_change", row["ndcg_change"]).startswith("+0.")


REFUSED = {
    "on": False,
    "customers": 1234,
    "ndcg_without": 0.3,
    "ndcg_with": 0.2995,
    "difference": [-0.002, -0.0005, 0.001],
    "p_value": 0.512,
}


def test_what_was_refused_or_not_tried_is_said_in_both_languages(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    told = {"my": REFUSED, "home": {"on": False, "why": "9 customers bought what …; 200 needed"}}
    (section,) = [one for one in quality(facts, told).sections if one.name == "rankers"]
    home, mine = section.table.iter_rows(named=True)
    assert (home["decision"], home["customers"], home["ndcg_with"]) == ("few", None, None)
    shown = {name: speeches["en"].show(name, value) for name, value in mine.items()}
    assert shown == {
        "slot": "Guess you like (my)",
        "decision": "Refused: not surely better",
        "customers": "1,234",
        "ndcg_without": "0.3000",
        "ndcg_with": "0.2995",
        "ndcg_change": "\u22120.0005",
        "ndcg_from": "\u22120.0020",
        "ndcg_to": "+0.0010",
        "p_value": "0.512",
    }
    assert speeches["zh"].show("decision", "refused") == "未采用：未必更好"
    assert speeches["zh"].show("decision", "taken") == "采用"


@pytest.mark.parametrize(
    ("why", "said", "zh"),
    [
        ("as configured", "as configured: [ranker] of train.toml.", "按配置不学习排序"),
        ("the log has no times", "the log has no times.", "日志没有时间"),
        ("the log is too short to be split", "the log is too short to be split.", "日志太短"),
        (
            "150 customers bought in the part that is to teach; 1000 needed",
            "150 customers bought in one of its parts, 1,000 are needed.",
            "仅有 150 位客户购买，至少需要 1,000 位",
        ),
        (
            "lightgbm cannot be used: x",
            "No order is learned: lightgbm cannot be used: x.",
            "：light",
        ),
    ],
)
def test_why_none_was_learned_is_a_sentence(why: str, said: str, zh: str, facts: Facts) -> None:
    for language, words in (("en", said), ("zh", zh)):
        chapter = quality(facts, {"off": why}, language)
        assert [words in remark for remark in chapter.remarks].count(True) == 1
        assert "rankers" not in [section.name for section in chapter.sections]


def test_where_no_slot_names_one_nothing_is_said(
    facts: Facts, speeches: Mapping[str, Speech]
) -> None:
    manifest = facts.bundle.manifest.model_copy(update={"ranker": {}})
    assert rankers(manifest, speeches["en"]) == ([], [])
