"""A6 in training: who opted out teaches no model, and keeps the standing that prices depend on."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import JsonValue

from engine.bundle import Bundle
from engine.bundle_files import write_bundle
from engine.customers.consent import allows, personal
from engine.customers.facts import EMPTY_HISTORY, Attribute, History
from engine.customers.history import fold_all
from engine.customers.state import assess
from engine.customers.thresholds import NO_THRESHOLDS
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked, enrich
from engine.types import DAY_MS
from tests.conftest import CONFIG, searching, silent
from tests.engine.customers.world import DEFAULTS
from training.archive import rows_of
from training.assemble import Source
from training.consent import OptedOut, opted_out, without_people
from training.customer_states import assess_all
from training.customers import snapshot
from training.evaluate import split_of
from training.interactions import PAIRS, read_interactions, without
from training.log import read_log
from training.train import fit, open_source, read_settings, searched
from training.tuning import Tuned

WHO = "quiet"


def test_consent_is_asked_in_one_place() -> None:
    said = Attribute("consent.personal", 1, 2, "false")
    assert allows({}, "contact")
    assert not allows({"consent.contact": "false"}, "contact")
    assert personal(History())
    assert not personal(History(attributes=(said,)))
    assert personal(History(attributes=(said._replace(value="true"),)))


@pytest.mark.parametrize("value", ["false", "no", "true", 0, 1, None, [], {}])
def test_A6_what_a_log_says_that_is_not_true_is_a_refusal_in_both_folds(value: JsonValue) -> None:
    """Such lines are refused today; a log of before may hold them."""
    said = {"personal": value, "contact": value}
    lines = [
        Happened("c1", EventType.CONSENT, 10, WHO, properties={"personal": True, "contact": True}),
        Happened("c2", EventType.CONSENT, 20, WHO, properties=said),
        Happened("c3", EventType.CONSENT, 20, "mail", properties={"contact": value}),
        Happened("p1", EventType.PROFILE, 20, "form", properties={"consent.personal": value}),
    ]
    log, people = rows_of(lines).sort("at", "event_id").lazy(), ["form", "mail", WHO]
    states = assess_all(snapshot(log, people), NO_THRESHOLDS, DEFAULTS, 30)
    assert states["personal"].to_list() == [False, True, False]
    assert states["contactable"].to_list() == [True, False, False]
    assert opted_out(log).customers == ["form", WHO]
    own = fold_all(EMPTY_HISTORY, lines[:2])
    state = assess(own, NO_THRESHOLDS, DEFAULTS, 30)
    assert (personal(own), state.personal, state.contactable) == (False, False, False)


def test_without_somebody_the_others_pairs_stay_as_they_are(small_log: Path) -> None:
    config = read_settings(CONFIG).shop.interactions
    data = read_interactions(read_log(small_log).frame.lazy(), config)
    rows = np.zeros(data.n_rows, np.bool_)
    assert without(data, rows) is data
    rows[[0, 5]] = True
    left = without(data, rows)
    assert np.diff(left.offsets)[[0, 5]].tolist() == [0, 0]
    assert not np.isin(left.events.rows, [0, 5]).any()
    one = slice(int(data.offsets[1]), int(data.offsets[5]))
    for name in PAIRS:
        ours = getattr(left, name)[: int(left.offsets[5])]
        assert ours.tolist() == getattr(data, name)[one].tolist()
    assert len(left.items) == len(data.items) - int(np.diff(data.offsets)[[0, 5]].sum())


STANDING = ("snapshot.", "customer_items.")
"""What a bundle keeps of each customer for themselves, who opted out among them."""


def did(item: str, last: int) -> list[Happened]:
    """Visits of several looks, some before signing in, and orders of what is used up."""
    looks = [
        Happened(f"v{n}", EventType.VIEW, last - DAY_MS + n * 1000, WHO, "tablet", item_id=each)
        for n, each in enumerate(("i00001", item, "i00002"))
    ]
    before = [
        Happened(f"b{n}", EventType.VIEW, last - 2 * DAY_MS + n, visitor_id="tablet", item_id=each)
        for n, each in enumerate((item, "i00003"))
    ]
    orders = [
        Happened(
            f"q{n}", EventType.PURCHASE, last - n * DAY_MS, WHO,
            item_id=item, unit_price_minor=225_00, order_id=f"qo{n}",
        )
        for n in range(1, 13)
    ]  # fmt: skip
    left = Happened("q0", EventType.CONSENT, last - 9, WHO, properties={"personal": False})
    return [*looks, *before, *orders, left]


def told_of(source: Source, *events: Happened) -> Source:
    log = pl.concat([source.log.collect(), rows_of(events)]).sort("at", "event_id")
    return Source(log.lazy(), source.header, source.items)


def known_items(source: Source) -> list[str]:
    assert source.items is not None
    return source.items["item_id"].to_list()


def last_of(source: Source) -> int:
    return int(source.log.select(pl.col("at").dt.epoch("ms").max()).collect().item())


@pytest.mark.slow
def test_A6_what_is_learnt_does_not_depend_on_what_they_did(
    small_log: Path, tmp_path: Path
) -> None:
    source, settings = open_source(small_log, None), searching(read_settings(CONFIG))
    last, items = last_of(source), known_items(source)

    def made(item: str) -> Bundle:
        part = told_of(source, *did(item, last))
        return fit(part, settings, {}, now=lambda: last + DAY_MS, say=silent)

    def files(bundle: Bundle, name: str) -> dict[str, str]:
        (tmp_path / name).mkdir()
        written = write_bundle(bundle, tmp_path / name).files
        return {file: record.sha256 for file, record in written.items()}

    one, two = made(items[0]), made(items[-1])
    ours, theirs = files(one, "one"), files(two, "two")
    assert ours.keys() == theirs.keys()
    differ = {name for name in ours if ours[name] != theirs[name]}
    assert differ, "their own past is kept"
    assert not {name for name in differ if not name.startswith(STANDING)}
    queries = [enrich(Asked(5, customer_id=WHO), each, last) for each in (one, two)]
    assert queries[0].customer.points == queries[1].customer.points == 2700
    assert all(len(query.history) == 0 and query.customer_row == -1 for query in queries)
    assert not queries[0].customer.personal


@pytest.mark.slow
def test_A6_the_search_does_not_ask_who_opted_out_even_later(small_log: Path) -> None:
    source, settings = open_source(small_log, None), searching(read_settings(CONFIG))
    split, _ = split_of(source, settings.train)
    before = last_of(source.of(split.train)) - 30 * DAY_MS  # not in the part that judges
    items = known_items(source)
    last = last_of(source)
    left = Happened("q9", EventType.CONSENT, last, WHO, properties={"personal": False})

    def found(item: str, *more: Happened) -> Tuned:
        return searched(told_of(source, *did(item, before)[:-1], *more), settings, None, silent)

    assert found(items[0], left).told == found(items[-1], left).told
    assert found(items[0]).told != found(items[-1]).told, "without it they are asked"


def test_who_opted_out_is_the_same_in_the_log_and_in_the_fold(small_log: Path) -> None:
    source = open_source(small_log, None)
    last = last_of(source)
    back = [
        Happened("r0", EventType.CONSENT, last - 5, "ret", properties={"personal": False}),
        Happened("r1", EventType.CONSENT, last - 4, "ret", properties={"personal": True}),
        Happened("r2", EventType.CONSENT, last - 4, "mail", properties={"contact": False}),
        Happened("r3", EventType.PROFILE, last - 4, "odd", properties={"personal": False}),
    ]
    log = told_of(source, *did("i00001", last), *back).log
    customers = log.select("customer_id").drop_nulls().unique().sort("customer_id").collect()
    ids = customers["customer_id"].to_list()
    people = snapshot(log, ids)
    folded = [who for row, who in enumerate(ids) if not personal(people.history_of(row))]
    out = opted_out(log)
    assert out.customers == folded
    assert WHO in folded
    assert not {"ret", "mail", "odd"} & set(folded)
    assert "tablet" in out.visitors
    left = without_people(log, out).collect()
    assert not left["customer_id"].is_in(folded).any()
    assert not (left["visitor_id"] == "tablet").any()
    assert left.height < log.collect().height
    assert without_people(log, OptedOut([], [])) is log
