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


def test_the_index_of_other_factors_is_told(untouched: Bundle) -> None:
    other = replace(untouched.factors, item=np.roll(untouched.factors.item, 1, axis=0))
    found = soundness(replace(untouched, factors=other), index_recall=0.9)
    assert [finding.check for finding in found] == ["index"]
