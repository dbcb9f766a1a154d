import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ids as ids_module
from engine.ids import IdMap

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True)


@given(TEXTS)
def test_every_id_finds_its_row_and_back(texts: list[str]) -> None:
    ids = IdMap.build(texts)
    assert [ids.row(text) for text in texts] == list(range(len(texts)))
    assert ids.ids(range(len(texts))) == texts
    assert ids.rows(texts).tolist() == list(range(len(texts)))


def test_an_unknown_id_has_row_minus_one() -> None:
    ids = IdMap.build(["a", "b"])
    assert ids.row("c") == -1
    assert ids.rows(["b", "c", "a"]).tolist() == [1, -1, 0]
    assert IdMap.build([]).row("a") == -1


def test_case_and_spaces_make_different_ids() -> None:
    ids = IdMap.build(["a", "A", " a", "a "])
    assert [ids.row(text) for text in ("a", "A", " a", "a ")] == [0, 1, 2, 3]


def test_an_id_that_comes_twice_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'b' comes twice"):
        IdMap.build(["a", "b", "b"])


def test_two_ids_of_one_key_stay_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids_module, "key_of", lambda text: 7)
    ids = IdMap.build(["a", "b", "c"])
    assert [ids.row(text) for text in ("a", "b", "c", "d")] == [0, 1, 2, -1]


def test_a_row_outside_raises() -> None:
    with pytest.raises(IndexError, match="row 2 of 2"):
        IdMap.build(["a", "b"]).id(2)
    with pytest.raises(IndexError, match="row -1 of 2"):
        IdMap.build(["a", "b"]).id(-1)
