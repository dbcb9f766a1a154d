"""What a condition of a slot may ask about: the customer's state, and the request."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.conditions import Field, Fields, Kind
from engine.customers.config import names_of
from engine.customers.fields import ATTRIBUTE, Facts, attribute_field, customer_fields
from engine.customers.state import CustomerState
from engine.query import Query
from engine.shop import ShopConfig

CUSTOMER: Final = "customer."


class _Facts(Mapping[str, Any]):
    """The fields of a state by name, as the conditions of segments read them."""

    __slots__ = ("_state",)

    def __init__(self, state: CustomerState) -> None:
        self._state = state

    def __getitem__(self, name: str) -> Any:
        return getattr(self._state, name)

    def __iter__(self) -> Iterator[str]:
        return iter(CustomerState._fields)

    def __len__(self) -> int:
        return len(CustomerState._fields)


REQUEST_FIELDS: Final[tuple[Field[Query], ...]] = (
    Field("request.channel", Kind.TEXT, lambda query: query.channel),
    Field("request.search", Kind.TEXT, lambda query: query.search if query.searching else None),
    Field("request.has_query", Kind.FLAG, lambda query: query.searching),
    Field("request.has_cart", Kind.FLAG, lambda query: len(query.cart) > 0),
    Field("request.has_context", Kind.FLAG, lambda query: len(query.context) > 0),
)


class _Open(dict[str, Field[Query]]):
    """The fields by name, and one for whatever a profile may say."""

    def get(self, name: str, default: Any = None) -> Any:
        asked = name.removeprefix(CUSTOMER)
        if asked != name and asked.startswith(ATTRIBUTE) and asked != ATTRIBUTE:
            return _of_customer(attribute_field(asked))
        return super().get(name, default)


def query_fields(shop: ShopConfig) -> Fields[Query]:
    """`customer.…` fields know the shop's tiers, life stages and segments by name.

    `customer.attribute.NAME` is what the profile says under any NAME.
    """
    segments = tuple(segment.name for segment in shop.segments)
    fields = [
        *(_of_customer(field) for field in customer_fields(names_of(shop)).values()),
        Field("customer.segments", Kind.LIST, lambda query: query.customer.segments, segments),
        *REQUEST_FIELDS,
    ]
    return _Open({field.name: field for field in fields})


def _of_customer(field: Field[Facts]) -> Field[Query]:
    return Field(
        f"{CUSTOMER}{field.name}",
        field.kind,
        lambda query: field.read(_Facts(query.customer)),
        field.choices,
    )
