"""Popular items of a category follow what the shop says of its items between trainings."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.by_category import recategorised
from tests.worlds import BLACK, CUP, GREEN, ITEMS, MILK, POT, bundle

DRINKS, TEA, HOME, TEAWARE = range(4)
LONGEST = 3  # of the lists that the bundle was trained with


def listed(moves: dict[int, int]) -> list[list[int]]:
    made = bundle()
    category = made.catalogue.category.copy()
    for item, code in moves.items():
        category[item] = code
    laid = recategorised(made, replace(made.catalogue, category=category))
    assert laid.catalogue.category.tolist() == category.tolist()
    return [laid.popular_by_category.of(code, 9).rows.tolist() for code in range(4)]


def test_an_item_that_moves_is_popular_where_it_went_and_no_more_where_it_was() -> None:
    assert listed({}) == [[GREEN, MILK, BLACK], [GREEN, BLACK], [CUP, POT], [CUP, POT]]
    assert listed({MILK: HOME}) == [[GREEN, BLACK], [GREEN, BLACK], [CUP, MILK, POT], [CUP, POT]]
    assert listed({CUP: -1}) == [[GREEN, MILK, BLACK], [GREEN, BLACK], [POT], [POT]]


def test_nothing_is_made_anew_where_nothing_moved() -> None:
    made = bundle()
    laid = recategorised(made, replace(made.catalogue, stock=made.catalogue.stock + 1))
    assert laid.popular_by_category is made.popular_by_category


@given(st.dictionaries(st.integers(0, len(ITEMS) - 1), st.integers(-1, 3)))
def test_the_lists_are_those_that_a_training_would_make_of_this_catalogue(
    moves: dict[int, int],
) -> None:
    made = bundle()
    category = np.array([moves.get(i, c) for i, c in enumerate(made.catalogue.category.tolist())])
    catalogue = replace(made.catalogue, category=category.astype(np.int32))
    assert listed(moves) == [
        [row for row in made.popular.rows.tolist() if catalogue.within(code)[row]][:LONGEST]
        for code in range(4)
    ]
