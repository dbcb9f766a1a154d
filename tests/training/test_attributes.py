"""What a profile says, asked in segments, tags and triggers: of each, and of all at once."""

import json
from typing import Any

import pytest

from caini.verbs.triggers import rules_of
from engine.conditions import OPERATORS, SEVERAL, Kind, compiled, parse
from engine.customers.fields import Names, customer_fields
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.schemes import Schemes
from engine.customers.state import assess
from engine.customers.thresholds import NO_THRESHOLDS
from engine.errors import ConfigError
from engine.events import EventType
from engine.shop import check_shop, schemes_of
from tests.training.outreach import LABEL, day, told, town, trigger
from tests.training.test_people import trained_on
from tests.worlds import NOW, SHOP, event
from training.archive import rows_of
from training.customer_facts import snapshot
from training.customer_states import assess_all
from training.tags import tagged

SAID = (30, 29.5, -1, 0, 1, True, False, "30", "Hangzhou", "", None, ["tea", "pot"], [], {"a": 1})
PEOPLE = [
    event(number, EventType.PROFILE, None, 1, customer_id=f"c{number:02}", properties={"x": said})
    for number, said in enumerate(SAID)
]
STRANGER = event(90, EventType.VIEW, "cup", 1, customer_id="stranger")  # no profile at all
VALUES = (30, 29.5, 1, 0, True, False, "30", "true", "Hang", "tea", '["tea", "pot"]', "null", "")


def raised(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def values_of(op: str) -> list[Any]:
    texts = [value for value in VALUES if isinstance(value, str)]
    numbers = [value for value in VALUES if not isinstance(value, str | bool)]
    match op:
        case "known":
            return [True, False]
        case "starts_with" | "has":
            return texts
        case "has_any" | "has_all":
            return [texts, ["tea", "pot"], ["tea"]]
        case "between":
            pairs = ([low, high] for each in (texts, numbers) for low in each for high in each)  # type: ignore[attr-defined]
            return [pair for pair in pairs if pair[0] <= pair[1]]
        case "<" | "<=" | ">" | ">=":
            return [*texts, *numbers]
    return [[each] for each in VALUES] + [list(VALUES)] if op in SEVERAL else list(VALUES)


def named(number: int, when: object) -> dict[str, object]:
    return {"name": f"s{number}", "label": LABEL, "when": when}


def rules(*whens: object) -> Schemes:
    segments = [named(number, when) for number, when in enumerate(whens)]
    return schemes_of(check_shop({**SHOP, "segments": segments}, "shop.toml"))


@pytest.mark.parametrize("op", OPERATORS[Kind.SAID])
def test_every_question_about_a_profile_is_answered_of_all_at_once_as_of_each(op: str) -> None:
    under = rules(*(raised("attribute.x", op, value) for value in values_of(op)))
    everybody = [*PEOPLE, STRANGER]
    ids = [each.customer_id or "" for each in everybody]
    people = snapshot(rows_of(everybody).sort("at", "event_id").lazy(), ids)
    found = assess_all(people, NO_THRESHOLDS, under, NOW)["segments"].to_list()
    each = [
        list(assess(fold_all(EMPTY_HISTORY, [told]), NO_THRESHOLDS, under, NOW).segments)
        for told in everybody
    ]
    assert found == each
    assert any(found), "no question was answered with yes"


AGE = customer_fields(Names())


@pytest.mark.parametrize(
    ("said", "op", "value", "expected"),
    [
        (29, "<", 30, True),
        (30, "<", 30, False),
        (30, "=", 30.0, True),
        ("29", "<", 30, False),  # a text is no number
        (29, "<", "30", False),
        ("2024-05-01", ">=", "2024-01-01", True),  # dates, as they are written
        ("2024-05-01", "between", ["2024-01-01", "2024-12-31"], True),
        (True, "=", True, True),
        (True, "=", 1, False),
        (1, "=", True, False),
        (True, ">", 0, False),
        (2, "=", "2", True),  # asked for a text, what is none is as it is written
        (2, "starts_with", "2", False),
        ("Hangzhou", "in", [1, "Hangzhou"], True),
        ("Hangzhou", "!=", 1, True),
        (["tea", "pot"], "has_all", ["pot", "tea"], True),
        ("tea", "has", "tea", False),
        (None, "known", False, True),
        (None, "!=", 1, True),
    ],
)
def test_the_type_of_what_is_said_decides(
    said: object, op: str, value: object, expected: bool
) -> None:
    holds = compiled(parse(raised("attribute.age", op, value), AGE, "when"))
    assert holds({"attributes": {"age": json.dumps(said)}}) is expected


@pytest.mark.parametrize(
    ("op", "value", "told"),
    [
        ("<", True, "True is no number"),
        ("=", [1], r"\[1\] is no number"),
        ("starts_with", 3, "3 is no text"),
        ("has_any", ["a", 3], "3 is no text"),
        ("between", [1, "2"], "is no pair of lowest and highest"),
        ("between", ["b", "a"], "is no pair of lowest and highest"),
        ("~", 1, "does not suit the attribute attribute.age; allowed: ="),
    ],
)
def test_what_no_profile_could_say_is_refused(op: str, value: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(raised("attribute.age", op, value), AGE, "when")


GROWN = raised("attribute.age", ">=", 18)
MINOR = raised("attribute.age", "<", 18)


def test_A4_a_tag_may_ask_a_profile() -> None:
    people = [
        event(1, EventType.PROFILE, None, 10, customer_id="ann", properties={"age": 40}),
        event(2, EventType.PROFILE, None, 10, customer_id="bob", properties={"age": 9}),
        event(3, EventType.VIEW, "cup", 30, customer_id="cat"),
    ]
    tags = [{**named(0, GROWN), "days": 5}, {**named(1, {"not": GROWN}), "days": 5}]
    shop = check_shop({**SHOP, "tags": tags}, "shop.toml")
    found = tagged(trained_on(people), rows_of(people).sort("at", "event_id").lazy(), shop, every=1)
    assert [size.customers for size in found.sizes] == [1, 2]


@pytest.mark.parametrize(("when", "greeted"), [(GROWN, ["mei"]), (MINOR, [])])
def test_A3_a_trigger_may_ask_a_profile(when: object, greeted: list[str]) -> None:
    said = {"birthday": "1990-11-08", "age": 35}
    people = {"mei": [event(1, EventType.PROFILE, None, 3, customer_id="mei", properties=said)]}
    world = town(
        {**people, "lin": [STRANGER]}, triggers=[trigger("birthday", when=when, late_days=0)]
    )
    lines = told(day(world), rules_of(world[1], None))
    assert [line["customer_id"] for line in lines] == greeted
