"""Logs as bad as they come: each is a clear error or becomes a sound bundle."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle_files import read_bundle
from engine.errors import LogError
from engine.query import Asked, enrich
from engine.recommend import recommend
from tests.conftest import CONFIG, searching, silent
from tests.training.conftest import START, Line, frame_of
from training.checks import CheckConfig, check_log
from training.findings import Severity
from training.log import LogHeader, write_log
from training.log_facts import log_facts
from training.publish import current
from training.soundness import soundness
from training.train import open_source, read_settings, train

SETTINGS = searching(read_settings(CONFIG))
DAY_MS = 86_400_000
NOW = START + 61 * DAY_MS
Log = Sequence[Line]


def people(days: float = 60) -> list[Line]:
    """Thirty customers with a few items each."""
    rng = np.random.default_rng(2)
    return [
        {"day": days * n / 300, "customer": f"c{n % 30}", "item": f"i{rng.integers(12)}",
         "order": f"o{n}"}
        for n in range(300)
    ]  # fmt: skip


def bot() -> list[Line]:
    """One visitor of everything, all day long, a thousand times as busy as a customer."""
    return people() + [
        {"day": 59 + n / 6000, "customer": "bot", "item": f"i{n % 12}", "type": "view"}
        for n in range(6000)
    ]


def differing_ids() -> list[Line]:
    spelt = ("Tea", "tea", " tea", "tea ", "TEA")
    return people() + [
        {"day": n, "customer": who, "item": spelt[n % 5], "order": f"s{n}{who}"}
        for n in range(50)
        for who in ("Ann", "ann", " ann")
    ]


def written(log: Log, folder: Path) -> Path:
    path = folder / "log.parquet"
    write_log(frame_of(log).collect(), LogHeader(), path)
    return path


LOGS: dict[str, Callable[[], Log]] = {
    "one customer": lambda: [line | {"customer": "c"} for line in people()],
    "one item": lambda: [line | {"item": "i"} for line in people()],
    "one customer and one item": lambda: [
        line | {"customer": "c", "item": "i"} for line in people()],
    "all items bought by all": lambda: [
        {"day": day + who / 100, "customer": f"c{who}", "item": f"i{item}", "order": f"o{day}{who}"}
        for day in (0, 30, 59) for who in range(20) for item in range(10)],
    "a single day": lambda: people(0.9),
    "no purchases": lambda: [line | {"type": "view"} for line in people()],
    "nobody signed in": lambda: [
        line | {"customer": None, "visitor": f"v{n % 40}"} for n, line in enumerate(people())],
    "future times": lambda: [*people(), {"day": 20_000, "customer": "c1", "item": "i1"}],
    "ids that differ by case or spaces": differing_ids,
    "many events of one bot": bot,
    "searches and visits alone": lambda: [
        {"day": n, "item": None, "type": "store_visit"} for n in range(50)] + people(),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in LOGS if name != "future times"])
def test_a_bad_log_becomes_a_sound_bundle(name: str, tmp_path: Path) -> None:
    source = open_source(written(LOGS[name](), tmp_path), None)
    train(source, SETTINGS, tmp_path / "bundles", now=lambda: NOW, say=silent)
    bundle = read_bundle(tmp_path / "bundles" / str(current(tmp_path / "bundles")))
    assert soundness(bundle, index_recall=0.9) == []
    for plan in SETTINGS.slots.values():
        for customer in (None, "c1", "stranger"):
            asked = enrich(Asked(n=5, customer_id=customer), bundle, bundle.manifest.watermark)
            slate = recommend(asked, plan, bundle)
            assert all(np.isfinite(item.score) for item in slate.items)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([], "holds no events"),
        ([{"day": 1, "item": "i"}], "single instant"),
        ([{"day": 1, "item": None, "type": "store_visit"}], "single instant"),
        (LOGS["future times"](), "1 events of the log lie more than a day in the future"),
    ],
)
def test_a_log_that_cannot_be_trained_on_says_why(log: Log, said: str, tmp_path: Path) -> None:
    source = open_source(written(log, tmp_path), None)
    with pytest.raises(LogError, match=said):
        train(source, SETTINGS, tmp_path / "bundles", now=lambda: NOW, say=silent)
    assert current(tmp_path / "bundles") is None


def graded(log: Log, **changes: object) -> dict[str, Severity]:
    frame = frame_of(log)
    facts = log_facts(frame, pl.DataFrame(frame.collect()["item_id"].unique()), NOW)
    config = CheckConfig(**changes)  # type: ignore[arg-type]
    found = check_log(facts, config, now=NOW)
    return {one.check: one.severity for one in found if one.severity is not Severity.OK}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("one customer", {"customers": Severity.WARNING, "busiest_customer": Severity.ERROR}),
        ("one item", {"items": Severity.WARNING}),
        ("a single day", {"days": Severity.WARNING, "freshness": Severity.ERROR}),
        ("no purchases", {"purchases": Severity.WARNING}),
        ("future times", {"future": Severity.ERROR}),
        ("ids that differ by case or spaces", {"alike_ids": Severity.WARNING}),
        ("many events of one bot", {"busiest_customer": Severity.ERROR}),
        ("nobody signed in", {"customers": Severity.WARNING, "purchases": Severity.OK}),
    ],
)
def test_the_checks_tell_what_is_bad_of_a_log(name: str, told: dict[str, Severity]) -> None:
    found = graded(LOGS[name]())
    assert {check: found.get(check, Severity.OK) for check in told} == told


def test_a_good_log_passes_every_check_and_an_empty_one_none() -> None:
    assert graded(people()) == {}
    assert graded([]) == {"volume": Severity.ERROR}
    assert graded(people(), fewest_events=301) == {"volume": Severity.ERROR}


def test_a_catalogue_that_is_not_there_is_told_and_one_that_lacks_items_is_measured() -> None:
    frame = frame_of([{"day": day, "item": f"i{day}"} for day in range(4)])
    for ids, severity, said in (
        (None, Severity.WARNING, "there is no catalogue: no item has a title, a price or a categ"),
        (["i0"], Severity.ERROR, "75.0% of the events name items that the catalogue lacks"),
        (["i0", "i1", "i2", "i3"], Severity.OK, "0.0% of the events name items that the catalog"),
    ):
        items = None if ids is None else pl.DataFrame({"item_id": ids})
        found = check_log(log_facts(frame, items, NOW), CheckConfig(), now=NOW)
        (told,) = [one for one in found if one.check == "unknown_items"]
        assert told.severity is severity
        assert told.said.startswith(said)


def test_a_week_without_events_and_one_with_many_are_told() -> None:
    thin = [line for line in people() if float(str(line["day"])) < 53 or line["item"] == "i1"]
    thick = people() + [
        {"day": 58, "customer": f"c{n % 30}", "item": "i1", "order": f"x{n}"} for n in range(300)
    ]
    assert set(graded(thin)) >= {"weekly_drop"}
    assert set(graded(thick)) >= {"weekly_growth"}
