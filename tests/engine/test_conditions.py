from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import MAX_DEPTH, OPERATORS, Field, Kind, compiled, parse, read
from engine.errors import ConfigError

FIELDS = {
    name: Field(name, kind, itemgetter(name), choices)
    for name, kind, choices in (
        ("stage", Kind.CHOICE, ("new", "dormant")),
        ("orders", Kind.NUMBER, ()),
        ("spent", Kind.MONEY, ()),
        ("brand", Kind.TEXT, ()),
        ("member", Kind.FLAG, ()),
        ("tags", Kind.LIST, ()),
        ("shelf", Kind.PATH, ()),
    )
}
ANN: dict[str, Any] = {
    "stage": "new",
    "orders": 3,
    "spent": 20_050,
    "brand": "Lu Bao",
    "member": True,
    "tags": ("tea", "gift"),
    "shelf": "drinks > tea",
}
NOBODY = dict.fromkeys(ANN)


def holds(raw: object, subject: dict[str, Any] = ANN) -> bool:
    return compiled(parse(raw, FIELDS, "when"))(subject)


def asks(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("stage", "=", "new", True),
        ("stage", "!=", "new", False),
        ("stage", "in", ["dormant", "new"], True),
        ("stage", "not_in", ["dormant"], True),
        ("orders", "<", 3, False),
        ("orders", "<=", 3, True),
        ("orders", ">", 2.5, True),
        ("orders", ">=", 4, False),
        ("orders", "between", [3, 5], True),
        ("orders", "between", [4, 5], False),
        ("orders", "in", [1, 3], True),
        ("spent", "=", 200.5, True),
        ("spent", "between", [200.5, 200.5], True),
        ("spent", ">", 200.5, False),
        ("brand", "starts_with", "Lu", True),
        ("brand", "starts_with", "lu", False),
        ("shelf", "within", "drinks", True),
        ("shelf", "within", "drinks > tea", True),
        ("shelf", "within", "drinks > te", False),
        ("shelf", "within", "drinks > tea > green", False),
        ("member", "=", True, True),
        ("member", "!=", True, False),
        ("tags", "has", "tea", True),
        ("tags", "has_any", ["cup", "gift"], True),
        ("tags", "has_all", ["tea", "cup"], False),
        ("brand", "known", True, True),
        ("brand", "known", False, False),
    ],
)
def test_each_operator_means_what_it_says(
    field: str, op: str, value: object, expected: bool
) -> None:
    assert holds(asks(field, op, value)) is expected


def test_every_operator_is_among_the_cases_above() -> None:
    cases = test_each_operator_means_what_it_says.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {op for _, op, _, _ in cases} == {op for ops in OPERATORS.values() for op in ops}


def test_what_is_missing_fails_every_test_but_the_negative_ones() -> None:
    for kind, field, value in (
        (Kind.CHOICE, "stage", "new"),
        (Kind.NUMBER, "orders", 0),
        (Kind.TEXT, "brand", ""),
        (Kind.FLAG, "member", False),
        (Kind.LIST, "tags", "tea"),
    ):
        for op in OPERATORS[kind]:
            several = op in {"in", "not_in", "has_any", "has_all"}
            given = [value] if several else [0, 9] if op == "between" else value
            negative = op in {"!=", "not_in"}
            raw = asks(field, op, False) if op == "known" else asks(field, op, given)
            assert holds(raw, NOBODY) is (negative or op == "known")


def test_conditions_nest() -> None:
    new_member = {"all": [asks("stage", "=", "new"), asks("member", "=", True)]}
    assert holds(new_member)
    assert not holds({"not": new_member})
    assert holds({"any": [asks("orders", ">", 9), new_member]})
    assert not holds({"any": [asks("orders", ">", 9), {"not": new_member}]})
    assert not holds({"all": [new_member, asks("orders", ">", 9)]})


def test_all_faults_are_told_at_once_with_their_place_and_what_is_allowed() -> None:
    raw = {
        "all": [
            asks("stag", "=", "new"),
            asks("stage", "<", "new"),
            asks("stage", "=", "asleep"),
            {"any": []},
            {"not": asks("orders", "between", [5, 1])},
            asks("orders", "=", "3"),
            asks("spent", "=", 1.005),
            asks("member", "=", "yes"),
            asks("tags", "has_any", "tea"),
            asks("brand", "in", [1, "b", 2]),
            asks("brand", "known", 1),
            asks("spent", "<", True),
            {"field": "orders", "value": 3},
            "dormant",
        ]
    }
    with pytest.raises(ConfigError) as caught:
        parse(raw, FIELDS, "shop.toml: segments[0].when")
    lines = str(caught.value).splitlines()
    where = "shop.toml: segments[0].when.all"
    known = "brand, member, orders, shelf, spent, stage, tags"
    assert lines == [
        f"{where}[0].field: 'stag' is no field; did you mean stage? known: {known}",
        f"{where}[1].op: '<' does not suit the choice stage; allowed: = != in not_in known",
        f"{where}[2].value: 'asleep' is unknown; allowed: new, dormant",
        f"{where}[3].any: is no list of conditions, or an empty one",
        f"{where}[4].not.value: [5, 1] is no pair of lowest and highest",
        f"{where}[5].value: '3' is no number",
        f"{where}[6].value: 1.005 has more decimals than the currency",
        f"{where}[7].value: 'yes' is no flag",
        f"{where}[8].value: 'tea' is no list; has_any needs one",
        f"{where}[9].value: 1 is no text; 2 is no text",
        f"{where}[10].value: 1 is no flag",
        f"{where}[11].value: True is no number",
        f"{where}[12]: needs exactly field, op and value (wrong: op)",
        f"{where}[13]: is no condition; write {{field, op, value}}, all, any or not",
    ]


def test_a_condition_may_not_nest_without_end() -> None:
    raw: dict[str, object] = asks("orders", "=", 1)
    for _ in range(MAX_DEPTH):
        raw = {"not": raw}
    condition, problems = read(raw, FIELDS, "when")
    assert condition is None
    assert "nested deeper than 20" in problems[0]


def test_money_is_written_in_the_currency() -> None:
    raw = asks("spent", ">=", 200)
    assert compiled(parse(raw, FIELDS, "when", minor_units=0))({"spent": 200})
    assert not compiled(parse(raw, FIELDS, "when", minor_units=2))({"spent": 19_999})


wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(wild)
def test_whatever_is_read_is_a_condition_or_has_faults(raw: object) -> None:
    condition, problems = read(raw, FIELDS, "when")
    assert (condition is None) == bool(problems)


@settings(deadline=None)
@given(st.sampled_from(sorted(FIELDS)), st.sampled_from(["=", "<", "in", "between", "has"]), wild)
def test_whatever_passes_the_check_can_be_asked_about_anybody(
    field: str, op: str, value: object
) -> None:
    condition, _ = read(asks(field, op, value), FIELDS, "when")
    if condition is not None:
        assert compiled(condition)(ANN) in (True, False)
        assert compiled(condition)(NOBODY) in (True, False)
