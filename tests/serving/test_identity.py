"""R1, R6 over the wire: several ids are one person from the next request on, and can be parted."""

from typing import Any

import pytest

from tests.serving.caller import AT, Caller


def test_R1_a_purchase_at_the_till_leaves_the_apps_slot_and_unlinking_restores_both(
    caller: Caller,
) -> None:
    caller.buy("cup", customer_id="card-1")
    assert "cup" in caller.items(customer_id="mei")
    told = caller.link("mei", ("pos_card", "card-1"))
    assert told["aliases"] == [{"kind": "pos_card", "value": "card-1"}]
    assert "cup" not in caller.items(customer_id="mei")
    assert "green" not in caller.items(customer_id="card-1"), "mei bought it"
    assert caller.orders("mei") == caller.orders("card-1") == 3
    caller.unlink("mei", ("pos_card", "card-1"))
    assert "cup" in caller.items(customer_id="mei")
    assert "green" in caller.items(customer_id="card-1")
    assert (caller.orders("mei"), caller.orders("card-1")) == (2, 1)


def test_R1_a_visitor_is_the_customer_with_all_that_they_did(caller: Caller) -> None:
    caller.buy("pot", visitor_id="v-1")
    caller.link("lin", ("visitor", "v-1"))
    assert caller.orders("lin") == 2
    assert caller.items(visitor_id="v-1") == caller.items(customer_id="lin")
    caller.buy("milk", visitor_id="v-1")
    assert caller.orders("lin") == 3, "what comes later under the alias too"
    assert caller.items(customer_id="lin", visitor_id="v-1") == caller.items(customer_id="lin")
    mei = caller.items(customer_id="mei")
    caller.event("view", visitor_id="v-1", item_id="pot")
    assert caller.items(customer_id="mei", visitor_id="v-1") == mei, "it is lin's screen"
    caller.unlink("lin", ("visitor", "v-1"))
    assert caller.orders("lin") == 1


def test_R1_linking_again_changes_nothing_and_a_chain_is_one_person(caller: Caller) -> None:
    caller.buy("cup", customer_id="app-9")
    assert caller.link("wei", ("app_id", "app-9"))["changed"] == 1
    assert caller.link("wei", ("app_id", "app-9"))["changed"] == 0
    told = caller.link("wei.w", ("customer", "wei"))
    assert told["customer_id"] == "wei.w"
    assert caller.orders("wei.w") == caller.orders("app-9") == 1
    assert caller.unlink("wei", ("app_id", "app-9"))["changed"] == 1
    assert caller.unlink("wei", ("app_id", "app-9"))["changed"] == 0
    assert caller.orders("wei.w") == 0


@pytest.mark.parametrize(
    ("body", "status", "kind", "named"),
    [
        (("bo", [("pos_card", "c-1")]), 409, "link-elsewhere", "'an' as pos_card"),
        (("c-1", [("customer", "an")]), 409, "link-cycle", "'c-1'"),
        (("an", [("open_id", "an")]), 409, "link-self", "'an'"),
        (("an", [("tattoo", "x")]), 422, "invalid-request", "is none of customer, visitor"),
        (("an", [("tattoo", "x")]), 422, "invalid-request", "'tattoo' was sent"),
        (("an", [("WeChat", "x")]), 422, "invalid-request", "did you mean open_id? known: cust"),
        (("an", [("pos_crad", "x")]), 422, "invalid-request", "'pos_crad' is no kind of link; di"),
    ],
)
def test_R1_what_contradicts_is_refused_and_named(
    caller: Caller, body: Any, status: int, kind: str, named: str
) -> None:
    caller.link("an", ("pos_card", "c-1"))
    customer, aliases = body
    asked = [{"kind": "app_id", "value": "fine"}]
    asked += [{"kind": one, "value": value} for one, value in aliases]
    answer = caller.client.post("/customers/link", json={"customer_id": customer, "aliases": asked})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"urn:caini:{kind}")
    assert named in problem["detail"]
    assert problem["errors"][0]["field"].startswith("aliases.1")
    alone = caller.link(customer, ("app_id", "fine"))
    assert alone["changed"] == 1, "all or none"
    caller.unlink(customer, ("app_id", "fine"))


def test_links_are_not_taken_as_events(caller: Caller) -> None:
    said = {"kind": "pos_card", "alias": "c"}
    line = {"event_id": "l", "type": "link", "at": AT, "customer_id": "an", "properties": said}
    told = caller.client.post("/events", json={"events": [line]}).json()
    assert "POST /customers/link" in told["results"][0]["errors"][0]


def test_R6_what_one_bought_the_household_need_not_and_views_stay_private(caller: Caller) -> None:
    caller.event("view", customer_id="son", item_id="black")
    before = caller.items(customer_id="father")
    caller.link("father", ("household", "elm"))
    told = caller.link("son", ("household", "elm"))
    assert told["households"] == ["elm"]
    assert caller.items(customer_id="father") == before, "a view is the son's own"
    caller.buy("cup", customer_id="son")
    assert caller.items(customer_id="father") == [item for item in before if item != "cup"]
    assert caller.orders("father") == 0
    caller.link("son", ("app_id", "son-app"))
    caller.buy("pot", customer_id="son-app")
    assert "pot" not in caller.items(customer_id="father")
    caller.event("consent", customer_id="son", properties={"personal": False})
    assert caller.items(customer_id="father") == before, "the son's data is not used"
    caller.event("consent", customer_id="son", properties={"personal": True})
    caller.unlink("son", ("household", "elm"))
    assert caller.items(customer_id="father") == before
