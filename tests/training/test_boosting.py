"""What LightGBM learned is what the engine answers, to the last leaf."""

import sys
from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.forest import LEAVES
from training.boosting import at_most, boost, installed, packed, trees_of
from training.rank_lists import NAMES, RankLists
from training.ranker_config import RankerConfig

Document = dict[str, Any]
FEW = RankerConfig(trees=20, fewest_in_leaf=20, l2=1)
EDGES = st.sampled_from([-1.5, 0.0, 0.1, 0.30000001192092896, 2.0])


@st.composite
def nodes(draw: st.DrawFn, leaves: int = LEAVES) -> Document:
    if leaves == 1 or draw(st.booleans()):
        return {"leaf_value": draw(st.integers(-50, 50)) / 8}
    left = draw(st.integers(1, leaves - 1))
    return {
        "split_feature": draw(st.integers(0, 3)),
        "threshold": draw(EDGES),
        "decision_type": "<=",
        "missing_type": "None",
        "left_child": draw(nodes(left)),
        "right_child": draw(nodes(leaves - left)),
    }


def walked(node: Document, line: np.ndarray) -> float:
    """The plain reading of a tree."""
    while "split_feature" in node:
        left = float(line[node["split_feature"]]) <= node["threshold"]
        node = node["left_child" if left else "right_child"]
    return float(node["leaf_value"])


@settings(max_examples=200)
@given(st.lists(nodes(), min_size=1, max_size=4), st.data())
def test_arrays_answer_as_the_trees_do(trees: list[Document], data: st.DataObject) -> None:
    numbers = st.one_of(EDGES, st.floats(-3, 3, width=32))
    lines = np.array(
        data.draw(st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=5)),
        np.float32,
    )
    told = trees_of([{"tree_structure": tree} for tree in trees], len(trees) + 1)
    forest = packed({"my": told}).by_name()["my"]
    columns = lines.T[[NAMES.index(name) for name in forest.features]]
    found = forest.scores(np.ascontiguousarray(columns))
    wanted = [sum(walked(tree, line) for tree in trees) for line in lines]
    assert found.tolist() == wanted


@given(st.floats(-1e30, 1e30))
def test_half_the_precision_decides_the_same(threshold: float) -> None:
    edge = at_most(threshold)
    assert edge <= threshold
    assert float(np.nextafter(np.float32(edge), np.float32(np.inf))) > threshold


def lists(seed: int = 1, customers: int = 60, length: int = 50) -> RankLists:
    """What is wanted depends on two features together; the base knows nothing of it."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(customers * length, len(NAMES))).astype(np.float32)
    hits = (columns[:, 2] > 0.5) & (columns[:, 11] > 0.3)
    base = rng.normal(size=len(columns)) * 0.1
    return RankLists(columns, base, hits, np.full(customers, length, np.int32))


def test_what_was_wanted_comes_first_of_lists_that_were_never_seen() -> None:
    trees = boost(lists(), FEW, seed=7)
    forest = packed({"my": trees}).by_name()["my"]
    assert {NAMES[2], NAMES[11]} <= set(forest.features)
    assert len(forest.features) <= FEW.features
    unseen = lists(2)
    columns = unseen.columns.T[[NAMES.index(name) for name in forest.features]]
    scores = forest.scores(np.ascontiguousarray(columns)) + unseen.base
    wanted = int(unseen.hits.sum())
    best = np.argsort(-scores, kind="stable")[:wanted]
    assert unseen.hits[best].mean() > 0.95 > 3 * unseen.hits.mean()


def test_the_engine_answers_as_lightgbm_does(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []

    def kept(*asked: Any, **more: Any) -> lightgbm.Booster:
        trained.append(lightgbm.Booster(model_str=learn(*asked, **more).model_to_string()))
        return learn(*asked, **more)

    learn = lightgbm.train
    monkeypatch.setattr(lightgbm, "train", kept)
    forest = packed({"my": boost(lists(), FEW, seed=7)}).by_name()["my"]
    asked = lists(3).columns
    places = [NAMES.index(name) for name in forest.features]
    found = forest.scores(np.ascontiguousarray(asked.T[places]))
    np.testing.assert_allclose(found, trained[-1].predict(asked), atol=1e-5)


def test_the_same_lists_and_seed_give_the_same_trees() -> None:
    one, two = (boost(lists(), FEW, seed=7) for _ in range(2))
    assert one.conditions == two.conditions
    assert np.array_equal(one.values, two.values)
    assert boost(lists(), FEW, seed=8).conditions != one.conditions


def test_where_nothing_can_be_learned_the_order_stays() -> None:
    plain = lists()
    flat = replace(plain, columns=np.zeros_like(plain.columns))
    forest = packed({"my": boost(flat, FEW, seed=7)}).by_name()["my"]
    assert forest.features == ()
    assert forest.scores(np.empty((0, 2), np.float32)).tolist() == [0, 0]


def test_a_condition_that_cannot_be_served_is_refused() -> None:
    tree = {
        "split_feature": 0,
        "threshold": "1||2",
        "decision_type": "==",
        "missing_type": "None",
        "left_child": {"leaf_value": 1},
        "right_child": {"leaf_value": 2},
    }
    with pytest.raises(ValueError, match="a condition that cannot be served: =="):
        trees_of([{"tree_structure": tree}], 1)


def test_without_lightgbm_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed() is None
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert installed() == "lightgbm is not installed: pip install caini[rank]"
