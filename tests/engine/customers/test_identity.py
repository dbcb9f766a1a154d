"""R1 and R6: several ids are one person, who lives with others; every link can be taken away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.customers.identity import (
    HOUSEHOLD,
    NOBODY_LINKED,
    Alias,
    Identity,
    IdentityConfig,
    IdentityRefused,
    Link,
    Word,
    from_text,
    identity_of,
    linked,
    to_text,
    unlinked,
)
from engine.events import Event

CONFIG = IdentityConfig()
CARD = Alias("pos_card", "card")
COOKIE = Alias("visitor", "cookie")
HOME = Alias(HOUSEHOLD, "elm street 5")


def link(identity: Identity, alias: Alias, customer: str, at: int = 1) -> Identity:
    return linked(identity, alias, customer, at, CONFIG)


def both() -> Identity:
    return link(link(NOBODY_LINKED, CARD, "mei"), COOKIE, "mei")


def test_R1_aliases_are_the_customer_and_an_id_that_nobody_linked_is_itself() -> None:
    identity = both()
    for node in ("c:mei", "c:card", "v:cookie"):
        assert identity.person(node) == ("c:mei", "c:card", "v:cookie")
    assert identity.person("c:lin") == ("c:lin",)
    assert identity.person("c:cookie") == ("c:cookie",), "a visitor's id is no customer's"


def test_R1_a_customer_who_is_an_alias_of_another_brings_their_own_along() -> None:
    identity = link(both(), Alias("customer", "mei"), "mei.w")
    assert identity.person("c:card") == ("c:mei.w", "c:card", "c:mei", "v:cookie")
    apart = unlinked(identity, Alias("customer", "mei"), "mei.w")
    assert apart == both()
    assert apart.person("c:mei.w") == ("c:mei.w",)


def test_R1_linking_again_and_unlinking_what_is_not_linked_change_nothing() -> None:
    identity = both()
    assert link(identity, CARD, "mei", at=99) is identity
    assert unlinked(identity, Alias("open_id", "nobody"), "mei") is identity


@pytest.mark.parametrize(
    ("alias", "customer", "reason", "named"),
    [
        (Alias("open_id", "mei"), "mei", "self", "mei"),
        (CARD, "lin", "elsewhere", "'mei' as pos_card"),
        (Alias("open_id", "card"), "lin", "elsewhere", "'mei' as pos_card"),
        (Alias("customer", "mei"), "card", "cycle", "'card'"),
    ],
)
def test_R1_what_contradicts_is_refused_with_the_reason(
    alias: Alias, customer: str, reason: str, named: str
) -> None:
    with pytest.raises(IdentityRefused, match=named) as refused:
        link(both(), alias, customer)
    assert refused.value.reason == reason


def test_R1_an_alias_is_unlinked_from_whom_it_is_linked_to_alone() -> None:
    with pytest.raises(IdentityRefused, match="'mei' as pos_card"):
        unlinked(both(), CARD, "lin")


def test_R6_a_household_is_of_people_with_all_their_ids() -> None:
    identity = link(link(both(), HOME, "card"), HOME, "lin")
    assert identity.at_home("v:cookie") == (("c:lin",),)
    assert identity.at_home("c:lin") == (("c:mei", "c:card", "v:cookie"),)
    assert identity.households("c:mei") == ("h:elm street 5",)
    assert identity.person("c:lin") == ("c:lin",), "no one person"
    assert unlinked(identity, HOME, "lin").at_home("c:mei") == ()
    with pytest.raises(IdentityRefused, match="elm street"):
        link(identity, Alias(HOUSEHOLD, "another"), "lin")


def test_a_person_has_a_bounded_number_of_ids() -> None:
    few = IdentityConfig(most=3)
    two = linked(linked(NOBODY_LINKED, CARD, "mei", 1, few), COOKIE, "mei", 1, few)
    with pytest.raises(IdentityRefused, match="4 ids") as refused:
        linked(two, Alias("app_id", "app"), "mei", 1, few)
    assert refused.value.reason == "too-many"


def test_the_kinds_are_the_shops_own_but_two() -> None:
    assert IdentityConfig(kinds=("visitor", "household", "loyalty_app")).kinds[-1] == "loyalty_app"
    with pytest.raises(ValidationError, match="household cannot be left out"):
        IdentityConfig(kinds=("visitor",))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"visitor_id": "v"}, "a link needs a customer_id"),
        ({"customer_id": "mei", "properties": {"alias": "card"}}, "needs properties.kind"),
        ({"customer_id": "mei", "properties": {"kind": "pos_card", "alias": " "}}, "alias, a text"),
    ],
)
def test_a_link_in_a_log_names_both_ends(said: dict[str, Any], problem: str) -> None:
    line = {"event_id": "l", "type": "link", "at": "2026-01-01T00:00:00Z"}
    with pytest.raises(ValidationError, match=problem):
        Event.model_validate({**line, **said})
    Event.model_validate(
        {**line, "customer_id": "mei", "properties": {"kind": "pos_card", "alias": "card"}}
    )


IDS = st.sampled_from(["a", "b", "c", "d"])
ALIASES = st.builds(Alias, st.sampled_from(["customer", "visitor", HOUSEHOLD]), IDS)
STEPS = st.lists(st.tuples(st.booleans(), ALIASES, IDS), max_size=25)


def lived(steps: list[tuple[bool, Alias, str]]) -> tuple[Identity, list[Word]]:
    """What came of the steps that were not refused, and the words that a log keeps of them."""
    identity, words = NOBODY_LINKED, list[Word]()
    for number, (holds, alias, customer) in enumerate(steps):
        try:
            after = (
                link(identity, alias, customer, number)
                if holds
                else unlinked(identity, alias, customer)
            )
        except IdentityRefused:
            continue
        if after is identity:
            continue
        at_home = alias.kind == HOUSEHOLD
        ends = ("c:" + customer, alias.node) if at_home else (alias.node, "c:" + customer)
        words.append(Word(Link(*ends, alias.kind, number), holds, number, f"e{number}"))
        identity = after
    return identity, words


@given(STEPS, st.randoms())
def test_the_log_folds_to_what_the_server_holds_in_any_order(steps: Any, random: Any) -> None:
    identity, words = lived(steps)
    random.shuffle(words)
    assert identity_of(words + words[:3]) == identity


@given(STEPS)
def test_the_people_are_a_partition_and_every_text_comes_back(steps: Any) -> None:
    identity, _ = lived(steps)
    people = [identity.person(node) for node in identity.nodes() if not node.startswith("h:")]
    for person in people:
        assert all(identity.person(node) == person for node in person)
        others = {node for other in people if other != person for node in other}
        assert not others & {*person}
    assert from_text(to_text(identity)) == identity
    for node in identity.nodes():
        near = identity.around(node)
        assert near.person(node) == identity.person(node)
        assert near.at_home(node) == identity.at_home(node)


@given(STEPS)
def test_the_parts_are_what_hangs_together_and_nothing_else(steps: Any) -> None:
    identity, _ = lived(steps)
    edges = {*identity.links.values(), *identity.homes.values()}
    for node in identity.nodes():
        near: set[str] = set()
        more = {node}
        while more - near:
            near |= more
            more = {end for edge in edges if near & {*edge[:2]} for end in edge[:2]}
        part = identity.parts()[node]
        assert part == identity.without(identity.nodes() - near)
        assert part.nodes() == near
    assert {node for part in identity.parts().values() for node in part.nodes()} == {
        *identity.parts()
    }


def test_a_ring_in_a_log_of_others_loses_the_link_that_closes_it() -> None:
    words = [
        Word(Link("c:a", "c:b", "customer", 1), True, 0, "x"),
        Word(Link("c:b", "c:a", "customer", 2), True, 0, "y"),
    ]
    assert [*identity_of(words).links] == ["c:a"]
