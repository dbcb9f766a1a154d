"""Reasons of many slates in words: each that is different is written once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.reasons import DAYS, say
from training.reasoned import REASONS, Reasoned, said

NAMED = tuple(code for code in REASONS if code not in DAYS)
DATED = tuple(code for code in REASONS if code in DAYS)
plain = st.tuples(st.sampled_from(NAMED), st.sampled_from([-1, 0, 7, 2_000_000]), st.just((-1, -1)))
days = st.tuples(st.sampled_from([1, 20, 20_000]), st.sampled_from([0, 1, 20_000]))
dated = st.tuples(st.sampled_from(DATED), st.just(-1), days)
place = st.one_of(st.none(), plain, dated)


@given(st.lists(st.tuples(place, place), max_size=12))
def test_each_place_says_its_own_reason_and_one_without_an_item_says_nothing(
    lines: list[tuple[tuple[str, int, tuple[int, int]] | None, ...]],
) -> None:
    shape = (len(lines), 2)
    found = Reasoned(
        np.full(shape, -1, np.int32),
        np.zeros(shape, np.int8),
        np.full(shape, -1, np.int32),
        np.full((*shape, 2), -1, np.int32),
    )
    wanted = np.full(shape, "", object)
    for at in np.ndindex(shape):
        told = lines[at[0]][at[1]]
        if told is None:
            continue
        code, item, since = told
        found.rows[at], found.reasons[at], found.because[at] = 1, REASONS.index(code), item
        found.days[at] = since
        titles = [f"item {item}"] if item >= 0 else []
        wanted[at] = say(code, titles, "en", since if code in DAYS else None)
    assert said(found, "item {}".format, "en").tolist() == wanted.tolist()
