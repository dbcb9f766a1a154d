"""What some events must say, for nothing could mend it later: a refusal, or who brought whom."""

from typing import Any

import pytest
from pydantic import ValidationError

from engine.event_properties import RULES
from engine.events import Event, EventType

GOOD = {"event_id": "e", "at": "2026-01-01T00:00:00Z", "customer_id": "ann", "item_id": "i"}


BOTH = (
    "a referral has both properties.referrer_id and properties.referred_id; leave referred_id out: "
    "the customer who was brought names who brought them"
)


def read(kind: str, said: dict[str, Any]) -> Event:
    return Event.model_validate(GOOD | {"type": kind, "properties": said})


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("consent", {"personal": True}),
        ("consent", {"contact": False, "form": "spring 2026"}),
        ("consent", {"personal": False, "contact": True}),
        ("signup", {"city": "上海", "consent.contact": False}),
        ("profile", {"personal": "very"}),
        *[
            ("profile", {"birthday": day})
            for day in (
                "1990-02-29",
                "02-29",
                "1990/11/23",
                "1990年11月23日",
                "11月3日",
                "19901123",
            )
        ],
        *[("signup", {"birthday": day}) for day in (None, "", "0000-00-00", 19901123)],
        ("referral", {"referrer_id": "bob"}),
        ("referral", {"referred_id": "cat", "of": "purchase"}),
        ("referral", {"code": "SPRING"}),
        ("link", {"kind": "pos_card", "alias": "8003"}),
        ("view", {"personal": "x", "referrer_id": " "}),
    ],
)
def test_what_can_be_understood_is_taken_as_it_is(kind: str, said: dict[str, Any]) -> None:
    assert read(kind, said).properties == said


@pytest.mark.parametrize(
    ("kind", "said", "problem"),
    [
        *[
            (
                "consent",
                {name: value},
                f"a consent has {shown} as properties.{name}; allowed: true, false",
            )
            for name in ("personal", "contact")
            for value, shown in [
                ("false", '"false"'),
                ("no", '"no"'),
                ("true", '"true"'),
                (0, "0"),
                (1, "1"),
                (1.0, "1.0"),
                (None, "null"),
                ([True], "[true]"),
            ]
        ],
        (
            "consent",
            {"personal": True, "contact": "不"},
            'a consent has "不" as properties.contact; allowed: true, false',
        ),
        (
            "consent",
            {"contactable": False},
            "a consent has properties.contactable, which is called contact here: true or false",
        ),
        ("consent", {}, "a consent needs properties.personal or properties.contact, true or false"),
        (
            "profile",
            {"consent.personal": "false"},
            'a profile has "false" as properties.consent.personal; allowed: true, false',
        ),
        (
            "signup",
            {"consent.contact": None},
            "a signup has null as properties.consent.contact; allowed: true, false",
        ),
        *[
            (
                "referral",
                {"referrer_id": value},
                f"a referral has {shown} as properties.referrer_id; allowed: the id of a customer",
            )
            for value, shown in [(" ", '" "'), ("", '""'), ("　", '"　"'), (7, "7"), (None, "null")]
        ],
        (
            "referral",
            {"referred_id": " "},
            'a referral has " " as properties.referred_id; allowed: the id of a customer',
        ),
        (
            "referral",
            {"referrer_id": "bob", "referred_id": "cat"},
            BOTH,
        ),
        ("unlink", {"kind": "pos_card", "alias": " "}, "a unlink needs properties.alias, a text"),
    ],
)
def test_what_cannot_is_refused_with_the_field_and_what_is_allowed(
    kind: str, said: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(kind, said)
    (fault,) = refused.value.errors()
    assert fault["msg"] == problem
    assert fault["ctx"]["field"] == "properties"


def test_a_value_that_is_wrong_is_told_by_its_beginning() -> None:
    with pytest.raises(ValidationError, match=r'a consent has "x{59} as') as refused:
        read("consent", {"personal": "x" * 10_000})
    assert len(refused.value.errors()[0]["msg"]) < 200


def test_rules_are_of_types_that_there_are() -> None:
    assert set(RULES) <= set(EventType)


@pytest.mark.parametrize(
    "day",
    ["tomorrow", "1990-13-45", "1990/02/30", "11/23/1990", "1990", "23", "112", True, [2, 3], {}],
)
@pytest.mark.parametrize("kind", ["signup", "profile"])
def test_a_birthday_that_is_no_day_is_refused_with_what_is_one(kind: str, day: object) -> None:
    """A greeting that never comes is missed by nobody."""
    with pytest.raises(ValidationError, match=r"as properties\.birthday; allowed: a date"):
        read(kind, {"birthday": day})
