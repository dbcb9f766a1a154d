"""A6 in training: who opted out teaches no model, and keeps the standing that prices depend on."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.customers.consent import may_contact, may_personalise, personal
from engine.customers.facts import Attribute, History
from engine.customers.state import NOBODY
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked, enrich
from engine.types import DAY_MS
from tests.conftest import CONFIG, Trained, silent
from training.archive import rows_of
from training.assemble import Source
from training.interactions import PAIRS, read_interactions, without
from training.log import read_log
from training.train import fit, open_source, read_settings

WHO = "quiet"


def test_consent_is_asked_in_one_place() -> None:
    assert may_contact(NOBODY)
    assert may_personalise(NOBODY)
    assert not may_contact(NOBODY._replace(contactable=False))
    assert not may_personalise(NOBODY._replace(personal=False))
    said = Attribute("consent.personal", 1, 2, "false")
    assert personal(History())
    assert not personal(History(attributes=(said,)))
    assert personal(History(attributes=(said._replace(value="true"),)))


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


@pytest.mark.slow
def test_A6_what_is_learnt_does_not_depend_on_what_they_did(trained: Trained) -> None:
    source, settings = open_source(trained.log, None), read_settings(CONFIG)
    last = read_log(trained.log).frame["at"].dt.epoch("ms").max()
    assert isinstance(last, int)
    known = source.items
    assert known is not None
    item, other = known["item_id"].to_list()[:2]

    def made(bought: str) -> Bundle:
        did = [
            Happened("q0", EventType.CONSENT, last - 9, WHO, properties={"personal": False}),
            *(
                Happened(
                    f"q{n}", EventType.PURCHASE, last - n * DAY_MS, WHO,
                    item_id=bought, unit_price_minor=900_00, order_id=f"qo{n}",
                )
                for n in range(1, 4)
            ),
        ]  # fmt: skip
        log = pl.concat([source.log.collect(), rows_of(did)]).sort("at", "event_id").lazy()
        part = Source(log, source.header, source.items)
        return fit(part, settings, {}, now=lambda: last + DAY_MS, say=silent)

    one, two = made(item), made(other)
    for name in ("similar", "bought_together", "popular", "new_arrivals"):
        ours, theirs = getattr(one, name), getattr(two, name)
        assert ours.rows.tolist() == theirs.rows.tolist()
        assert ours.scores.tolist() == theirs.scores.tolist()
    assert np.array_equal(one.factors.item, two.factors.item)
    queries = [enrich(Asked(5, customer_id=WHO), each, last) for each in (one, two)]
    assert queries[0].customer.points == queries[1].customer.points == 2700
    assert all(len(query.history) == 0 and query.customer_row == -1 for query in queries)
    assert not may_personalise(queries[0].customer)
