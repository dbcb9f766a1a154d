from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.columns import flatten, restore


@dataclass(frozen=True)
class Inner:
    a: NDArray[np.int32]


@dataclass(frozen=True)
class Outer:
    inner: Inner
    b: NDArray[np.float32]


def test_a_value_of_values_comes_back_as_it_was() -> None:
    value = Outer(Inner(np.array([1, 2], np.int32)), np.array([0.5], np.float32))
    arrays = flatten("outer", value)
    assert sorted(arrays) == ["outer.b", "outer.inner.a"]
    again = restore(Outer, "outer", arrays)
    assert again.inner.a.tolist() == [1, 2]
    assert again.b.tolist() == [0.5]


def test_an_array_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match=r"outer\.inner\.a"):
        restore(Outer, "outer", {"outer.b": np.zeros(1)})


def test_what_is_no_value_of_arrays_is_refused() -> None:
    with pytest.raises(TypeError, match=r"outer is neither"):
        flatten("outer", 3)
