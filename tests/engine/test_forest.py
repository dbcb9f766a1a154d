"""Trees as arrays, small enough to be read by hand.

Tree 0 asks whether `units` is above 1, and then whether `age` is above 10:
    units ≤ 1 → 0.1;  units > 1 and age ≤ 10 → 0.2;  units > 1 and age > 10 → 0.3
Tree 1 asks whether `age` is above 5:  ≤ 5 → 1;  above → 2
"""

from dataclasses import replace

import numpy as np
import pytest

from engine.forest import EVERY_LEAF, LEAVES, NO_FORESTS, Forest, Forests
from engine.text import TextColumn

FEATURES = ("units", "colour", "age")


def values(*leaves: float) -> list[float]:
    return [*leaves, *[0.0] * (LEAVES - len(leaves))]


def two_trees(*names: str) -> Forests:
    """For each name the trees above, each name's leaves ten times those of the one before."""
    masks = [
        *([EVERY_LEAF, EVERY_LEAF], [EVERY_LEAF - 0b001, EVERY_LEAF]),  # units: any, above 1
        [EVERY_LEAF, EVERY_LEAF],  # colour is asked by none
        [EVERY_LEAF, EVERY_LEAF],  # age: any,
        [EVERY_LEAF, EVERY_LEAF - 0b01],  # above 5,
        [EVERY_LEAF - 0b010, EVERY_LEAF - 0b01],  # above 10
    ]
    leaves = np.array([values(0.1, 0.2, 0.3), values(1, 2)], np.float32)
    return Forests(
        TextColumn.build(names),
        TextColumn.build(FEATURES),
        np.array([[3 * row + place for place in (0, 1, 1, 3)] for row in range(len(names))]),
        np.array([1, 5, 10] * len(names), np.float32),
        np.array(masks * len(names), np.uint8),
        np.stack([leaves * 10**row for row in range(len(names))]),
    )


def scores(forest: Forest, units: list[float], age: list[float]) -> list[float]:
    return [round(float(one), 4) for one in forest.scores(np.array([units, age], np.float32))]


def test_each_tree_gives_the_value_of_its_leaf() -> None:
    forest = two_trees("my").by_name()["my"]
    assert forest.features == ("units", "age")  # what no tree asks for need not be worked out
    assert scores(forest, [0, 1, 2, 2, 2], [3, 20, 5, 10, 11]) == [1.1, 2.1, 1.2, 2.2, 2.3]


def test_each_ranker_has_its_own_trees() -> None:
    forests = two_trees("home", "my").by_name()
    assert scores(forests["home"], [2], [11]) == [2.3]
    assert scores(forests["my"], [2], [11]) == [23.0]
    assert NO_FORESTS.by_name() == {}


def test_trees_that_ask_for_nothing_give_everything_the_same() -> None:
    forest = two_trees("my").by_name()["my"]
    forest = replace(forest, features=(), edges=(), firsts=forest.firsts[:0])
    assert len(set(forest.scores(np.empty((0, 3), np.float32)).tolist())) == 1


@pytest.mark.parametrize("name", ["starts", "masks", "values"])
def test_arrays_that_do_not_fit_together_are_refused(name: str) -> None:
    whole = two_trees("my")
    torn = replace(whole, **{name: getattr(whole, name)[..., :-1]})
    with pytest.raises(ValueError, match=f"forests: {name} is"):
        torn.by_name()
