"""What slots may ask: every field of a customer's state, the profile and the request."""

import pytest

from engine.conditions import compiled, parse
from engine.customers.fields import MONEY
from engine.customers.state import CustomerState
from engine.errors import ConfigError
from engine.events import EventType
from engine.query import Asked, enrich
from engine.query_fields import query_fields
from engine.shop import check_shop
from tests.worlds import NOW, SHOP, bundle, event

FIELDS = query_fields(check_shop(SHOP, "shop.toml"))
AS_DAYS = {  # instants are asked about as days since
    "first_order_at": "days_since_first_order",
    "last_order_at": "recency_days",
    "first_at": "days_since_contact",
    "last_at": "days_since_contact",
}


@pytest.mark.parametrize("name", CustomerState._fields)
def test_every_field_of_the_state_may_be_asked_about(name: str) -> None:
    in_money = {field: asked for asked, field in MONEY.items()}
    asked = AS_DAYS.get(name) or in_money.get(name) or name
    if name == "attributes":
        asked = "attribute.NAME"
    assert f"customer.{asked}" in FIELDS


def test_what_a_profile_says_may_be_asked_about_under_any_name() -> None:
    said = event(50, EventType.PROFILE, None, 30, properties={"city": "Hangzhou", "children": 2})
    told = enrich(Asked(n=1, customer_id="zoe"), bundle(), NOW, tail=[said])
    nothing = enrich(Asked(n=1, customer_id="zoe"), bundle(), NOW)

    def holds(query: object, name: str, op: str, value: object) -> bool:
        raw = {"field": f"customer.attribute.{name}", "op": op, "value": value}
        return compiled(parse(raw, FIELDS, "when"))(query)  # type: ignore[arg-type]

    assert holds(told, "city", "in", ["Hangzhou", "Ningbo"])
    assert holds(told, "children", "=", "2"), "what is no text is compared as it is written"
    assert not holds(nothing, "city", "=", "Hangzhou")
    assert holds(nothing, "city", "known", False)


def test_an_unknown_field_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"known: .*customer\.attribute\.NAME, .*request\."):
        parse({"field": "customer.attribute.", "op": "=", "value": "x"}, FIELDS, "when")


def test_a_request_asks_for_its_own_words_and_for_no_earlier_ones() -> None:
    earlier = event(50, EventType.SEARCH, None, 30, query="cup")
    raw = {"field": "request.search", "op": "=", "value": "cup"}
    asks = compiled(parse(raw, FIELDS, "when"))
    assert asks(enrich(Asked(n=1, search="cup"), bundle(), NOW))
    assert not asks(enrich(Asked(n=1, visitor_id="v"), bundle(), NOW, tail=[earlier]))
