"""The source of the last few looks, in the tea shop with some past visits."""

from dataclasses import replace

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.query import Asked, Query, enrich
from engine.retrievers import session
from engine.sessions import LENGTH, nearest_sessions, with_lists
from engine.types import NO_CANDIDATES, Candidates
from tests import worlds
from tests.worlds import BLACK, CUP, GREEN, MILK, POT

NOBODY = np.empty(0, np.int32)


def candidates(*entries: tuple[int, float]) -> Candidates:
    rows = np.array([row for row, _ in entries], np.int32)
    return Candidates(rows, np.array([score for _, score in entries], np.float32))


def shop(*visits: list[int]) -> Bundle:
    return replace(worlds.bundle(), sessions=worlds.past_sessions(*visits))


def asking(bundle: Bundle, *recent: int) -> Query:

    query = enrich(Asked(n=5), bundle, worlds.NOW)
    return replace(query, recent=np.array(recent, np.int32))


def test_a_visitor_sees_what_others_looked_at_next() -> None:
    bundle = shop([GREEN, POT], [GREEN, POT], [BLACK, MILK])
    found = session(asking(bundle, GREEN), bundle, 9)
    others = [row for row in found.rows.tolist() if row != GREEN]
    assert others[0] == POT
    assert MILK not in nearest_sessions(bundle.sessions, np.array([GREEN], np.int32), 9).rows


def test_the_order_within_a_visit_counts() -> None:
    table = worlds.past_sessions([CUP, GREEN, POT])
    found = nearest_sessions(table, np.array([GREEN], np.int32), 9)
    assert found.rows.tolist() == [GREEN, POT, CUP], "what came after is before what came before"


def test_the_newest_look_that_is_shared_is_the_anchor() -> None:
    table = worlds.past_sessions([GREEN, CUP, MILK, BLACK, POT])
    found = nearest_sessions(table, np.array([BLACK, GREEN], np.int32), 9)
    order = [row for row in found.rows.tolist() if row not in (BLACK, GREEN)]
    assert order == [POT, MILK, CUP]


def test_older_looks_than_a_few_do_not_count() -> None:
    table = worlds.past_sessions([GREEN, POT])
    old = [BLACK, MILK, CUP, POT, GREEN][: LENGTH + 1]
    recent = np.array(old, np.int32)
    short = nearest_sessions(table, recent[:LENGTH], 9)
    assert nearest_sessions(table, recent, 9).rows.tolist() == short.rows.tolist()


def test_where_few_visits_are_alike_the_lists_help_out() -> None:
    alone, together = shop(), shop([GREEN, POT])
    listed = session(asking(alone, GREEN), alone, 9)
    both = session(asking(together, GREEN), together, 9)
    assert len(listed) > 0
    assert set(listed.rows.tolist()) <= set(both.rows.tolist())
    assert POT in both.rows


def test_enough_visits_need_no_lists() -> None:
    bundle = shop([GREEN, POT], [GREEN, CUP])
    found = session(asking(bundle, GREEN), bundle, 2)
    only = nearest_sessions(bundle.sessions, np.array([GREEN], np.int32), 2)
    assert found.rows.tolist() == only.rows.tolist()


def test_without_a_look_there_is_nothing() -> None:
    bundle = shop([GREEN, POT])
    assert session(asking(bundle), bundle, 9) == NO_CANDIDATES
    assert nearest_sessions(bundle.sessions, NOBODY, 9) == NO_CANDIDATES


def test_sessions_count_four_times_as_much_as_lists_whatever_their_units() -> None:
    found = with_lists(candidates((1, 800.0)), candidates((0, 0.001), (1, 0.001)), 9)
    assert found.rows.tolist() == [1, 0]
    assert found.scores.tolist() == pytest.approx([1.0, 0.2])
    assert with_lists(NO_CANDIDATES, NO_CANDIDATES, 9) == NO_CANDIDATES


def test_the_last_look_leads_and_the_one_before_stands_below_it() -> None:
    table = worlds.past_sessions(*[[GREEN, BLACK, POT], [GREEN, BLACK, CUP]] * 3)
    found = nearest_sessions(table, np.array([BLACK, GREEN], np.int32), 9)
    assert found.rows.tolist()[0] == BLACK
    scores = dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))
    assert scores[BLACK] > scores[GREEN] > 0


def test_what_is_rare_says_more_than_what_all_look_at() -> None:
    table = worlds.past_sessions([GREEN, POT], [GREEN, CUP])
    rarity = np.ones(6, np.float32)
    rarity[POT] = 9
    for sessions, first in ((table, CUP), (replace(table, rarity=rarity), POT)):
        found = nearest_sessions(sessions, np.array([GREEN], np.int32), 9)
        assert next(row for row in found.rows.tolist() if row != GREEN) == first
