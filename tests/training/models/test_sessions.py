import numpy as np

from engine.sessions import nearest_sessions
from tests.training.conftest import Read
from training.interactions import Interactions
from training.models.sessions import SessionsConfig, fit

MINUTE = 1 / 1440


def visit(who: str, day: float, items: str) -> list[dict[str, object]]:
    return [
        {"day": day + place * MINUTE, "customer": who, "item": item, "type": "view"}
        for place, item in enumerate(items)
    ]


def after(data: Interactions, recent: str, config: SessionsConfig | None = None) -> list[str]:
    """What is proposed to one who looked at `recent`, newest first, without those."""
    rows = np.array([data.item_ids.index(item) for item in recent], np.int32)
    found = nearest_sessions(fit(data, config or SessionsConfig()), rows, 20)
    return [data.item_ids[row] for row in found.rows if row not in rows]


def test_a_silence_ends_a_session_and_a_single_event_is_none(read: Read) -> None:
    data = read(visit("c", 0, "ab") + visit("c", 1, "cd") + visit("c", 2, "e"))
    sessions = fit(data, SessionsConfig())
    assert sessions.offsets.tolist() == [0, 2, 4]
    assert [data.item_ids[row] for row in sessions.items] == ["a", "b", "c", "d"]


def test_what_came_next_for_others_is_proposed(read: Read) -> None:
    data = read(visit("c", 0, "abc") + visit("d", 0, "xyz"))
    assert after(data, "b") == ["c", "a"]


def test_the_newest_item_says_most(read: Read) -> None:
    data = read(visit("c", 0, "ab") + visit("d", 0, "xy"))
    assert after(data, "ax") == ["b", "y"]
    assert after(data, "xa") == ["y", "b"]


def test_newer_sessions_say_more(read: Read) -> None:
    data = read(visit("c", 0, "ay") + visit("d", 50, "ab"))
    assert after(data, "a") == ["b", "y"]


def test_a_rare_item_says_more_than_a_common_one(read: Read) -> None:
    common = [line for k in range(30) for line in visit(f"c{k}", k / 100, "ap")]
    data = read(common + visit("d", 0.5, "rq"))
    rows = [data.item_ids.index(item) for item in "ar"]
    rarity = fit(data, SessionsConfig()).rarity
    assert rarity[rows[1]] > 1.5 * rarity[rows[0]]


def test_what_nobody_looked_at_in_company_leads_nowhere(read: Read) -> None:
    data = read(visit("c", 0, "a") + visit("d", 0, "xy"))
    assert after(data, "a") == []
    assert after(data, "") == []


def test_memory_is_bounded_by_item_and_session(read: Read) -> None:
    lines = [line for k in range(20) for line in visit(f"c{k:02}", k, "ab" + "cdefg")]
    sessions = fit(read(lines), SessionsConfig(per_item=3, longest=4))
    assert np.diff(sessions.offsets).max() == 4
    assert np.diff(sessions.holders_offsets).max() == 3
    assert sessions.holders[:3].tolist() == [19, 18, 17]


def test_a_log_without_sessions_has_an_empty_table(read: Read) -> None:
    data = read([{"day": 0, "item": "x", "type": "dislike"}])
    assert len(fit(data, SessionsConfig())) == 0
    assert after(data, "x") == []
