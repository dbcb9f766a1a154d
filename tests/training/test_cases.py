"""Many customers side by side are told what each alone is told."""

from dataclasses import replace

import numpy as np
import pytest

from engine import ann
from engine.ann import build_index
from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.query import Asked, enrich_row
from engine.recommend import recommend
from engine.slots import SlotPlan
from tests.conftest import Trained
from tests.engine.asking import plan
from training import cases
from training.publish import current
from training.reasoned import REASONS, Offer, reasoned
from training.slates import slates_for

WHO = np.arange(120, dtype=np.int32)[::-1]


@pytest.fixture
def guessing(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """So many items that the index guesses; some customers have no factors."""
    monkeypatch.setattr(ann, "FLAT_LIMIT", 50)
    monkeypatch.setattr(cases, "SIDE_BY_SIDE", 37)
    made = read_bundle(trained.bundles / str(current(trained.bundles)))
    customer = made.factors.customer.copy()
    customer[::7] = 0
    index, report = build_index(made.factors.indexed, seed=1, queries=customer)
    assert report.kind == "refined"
    return replace(made, item_index=index, factors=replace(made.factors, customer=customer))


@pytest.mark.parametrize(
    "slot",
    [
        plan(sources={"als": 1, "similar": 0.2}, repeat="always"),
        plan(sources={"popular": 1}, repeat="never"),
        plan(
            sources={"als": 1},
            repeat="never",
            depth=3,
            overrides=[
                {
                    "when": {"field": "customer.orders", "op": ">=", "value": 3},
                    "sources": {"als": 0.5, "again": 1},
                    "depth": 40,
                }
            ],
        ),
    ],
    ids=["als", "none", "two depths"],
)
def test_slates_and_messages_are_those_of_each(slot: SlotPlan, guessing: Bundle) -> None:
    now = guessing.manifest.watermark
    side_by_side = slates_for(WHO, slot, guessing, 10, processes=1)
    messages = reasoned(WHO, {}, slot, guessing, Offer(10, now))
    for line, row in enumerate(WHO.tolist()):
        alone = recommend(enrich_row(Asked(n=10), guessing, row, now), slot, guessing).items
        assert side_by_side.rows[line].tolist() == [served.row for served in alone]
        assert messages.rows[line].tolist() == [served.row for served in alone]
        assert [REASONS[code] for code in messages.reasons[line]] == [one.reason for one in alone]
        np.testing.assert_allclose(
            side_by_side.scores[line], [served.score for served in alone], rtol=1e-5
        )


def test_beside_the_item_of_a_list_stands_what_each_alone_is_told(guessing: Bundle) -> None:
    slot = plan(sources={"als": 1, "similar": 0.2}, repeat="never")
    now, item = guessing.manifest.watermark, int(guessing.popular.rows[0])
    messages = reasoned(WHO, {}, slot, guessing, Offer(6, now, item=item))
    led = messages.rows[:, 0] == item
    assert 10 < led.sum() < len(WHO), "who has it is not told of it"
    assert (messages.rows[~led] == -1).all()
    named = guessing.items.id(item)
    for line in np.flatnonzero(led).tolist():
        asked = Asked(n=5, exclude=[named])
        alone = recommend(enrich_row(asked, guessing, int(WHO[line]), now), slot, guessing).items
        assert messages.rows[line, 1:].tolist() == [served.row for served in alone]


def test_who_has_no_factors_is_not_asked_about(guessing: Bundle) -> None:
    slot = plan(sources={"als": 1}, repeat="always", fallback=[])
    queries = [
        enrich_row(Asked(n=5), guessing, row, guessing.manifest.watermark) for row in range(15)
    ]
    found = [len(case.ahead["als"]) for case in cases.cases_of(queries, slot, guessing)]
    assert [place for place, size in enumerate(found) if not size] == [0, 7, 14]
