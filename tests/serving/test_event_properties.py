"""POST /events: a refusal that cannot be understood, or a referral that names nobody, is told."""

from typing import Any

import pytest

from tests.serving.caller import AT, Caller

CONTACTABLE = "a consent has properties.contactable, which is called contact here: true or false"
Said = dict[str, Any]


def told(caller: Caller, *lines: tuple[str, Said]) -> list[list[str]]:
    events = [
        {"event_id": f"p{n}", "type": kind, "at": AT, "customer_id": "mei", "properties": said}
        for n, (kind, said) in enumerate(lines)
    ]
    answer = caller.client.post("/events", json={"events": events})
    assert answer.status_code == 202, answer.text
    return [each.get("errors", []) for each in answer.json()["results"]]


def test_A6_a_consent_that_is_neither_true_nor_false_is_refused_and_nothing_changes(
    caller: Caller,
) -> None:
    lines: list[tuple[str, Said]] = [
        ("consent", {"personal": "false"}),
        ("consent", {"contact": None}),
        ("consent", {"contactable": False}),
        ("profile", {"consent.personal": 0}),
        ("consent", {"contact": False}),
    ]
    assert told(caller, *lines) == [
        ['properties: a consent has "false" as properties.personal; allowed: true, false'],
        ["properties: a consent has null as properties.contact; allowed: true, false"],
        [f"properties: {CONTACTABLE}"],
        ["properties: a profile has 0 as properties.consent.personal; allowed: true, false"],
        [],
    ]
    profile = caller.client.get("/customers/mei").json()
    assert profile["consent"] == {"personal": True, "contact": False}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"referrer_id": " "}, 'has " " as properties.referrer_id; allowed: the id of a customer'),
        ({"referrer_id": "lin", "referred_id": "lin"}, "has both properties.referrer_id and "),
    ],
)
def test_F1_a_referral_that_names_nobody_is_refused(
    caller: Caller, said: Said, problem: str
) -> None:
    [[fault]] = told(caller, ("referral", said))
    assert fault.startswith(f"properties: a referral {problem}")
    assert caller.client.get("/customers/mei").json()["referral"]["referrer_id"] is None
