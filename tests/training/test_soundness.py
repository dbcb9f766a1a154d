"""What the gate asks of a bundle's own parts."""

from dataclasses import replace

import numpy as np
import pytest

from engine import ann
from engine.ann import build_index
from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from tests.conftest import Trained
from training.publish import current
from training.soundness import soundness


@pytest.fixture
def untouched(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A fifth of the items has met nobody, and there are so many that the index guesses."""
    monkeypatch.setattr(ann, "FLAT_LIMIT", 50)
    made = read_bundle(trained.bundles / (current(trained.bundles) or ""))
    vectors = np.random.default_rng(3).standard_normal(made.factors.item.shape)
    vectors[::5] = 0
    factors = replace(made.factors, item=vectors.astype(np.float32))
    index, report = build_index(factors.indexed, seed=1, queries=factors.customer)
    assert report.kind == "refined"
    return replace(made, factors=factors, item_index=index)


def test_items_that_met_nobody_speak_against_no_index(untouched: Bundle) -> None:
    assert soundness(untouched, index_recall=0.95) == []
    nobody = replace(untouched.factors, customer=np.zeros_like(untouched.factors.customer))
    assert soundness(replace(untouched, factors=nobody), index_recall=0.9) == []


def test_cycles_that_cannot_be_are_told(untouched: Bundle) -> None:
    days, renewal = untouched.cycles.days.copy(), untouched.renewal
    days[3] = 0
    hazard, group = renewal.hazard.copy(), renewal.group.copy()
    hazard[0, 0] = np.nan
    group[2] = len(hazard)
    shares = renewal.shares - np.float32(2)
    broken = {
        "cycles.days: 1 of": {"cycles": replace(untouched.cycles, days=days)},
        "renewal.hazard: 1 of": {"renewal": replace(renewal, hazard=hazard)},
        "renewal.group: names rows": {"renewal": replace(renewal, group=group)},
        f"renewal.shares: {len(shares)} of": {"renewal": replace(renewal, shares=shares)},
    }
    for said, change in broken.items():
        found = soundness(replace(untouched, **change), index_recall=0.9)
        assert [finding.said.startswith(said) for finding in found] == [True], said


def test_the_index_of_other_factors_is_told(untouched: Bundle) -> None:
    other = replace(untouched.factors, item=np.roll(untouched.factors.item, 1, axis=0))
    found = soundness(replace(untouched, factors=other), index_recall=0.9)
    assert [finding.check for finding in found] == ["index"]
