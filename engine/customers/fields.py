"""What a condition may ask about a customer: the fields of a state, as segments see them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from engine.conditions import Field, Fields, Kind
from engine.customers.labels import (
    CAUSES,
    DEVELOPMENTS,
    OPINIONS,
    PRICE_BANDS,
    RELATIONS,
    STAGES,
    TYPES,
    VALUE_CLASSES,
)

Facts = Mapping[str, Any]
"""The fields of a state by name, before the segments are known."""

NUMBERS: Final = (
    "recency_days",
    "frequency",
    "orders",
    "breadth",
    "length_days",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "breadth_score",
    "length_score",
    "tier_rank",
    "points",
    "cycle_days",
    "overdue_cycles",
    "days_since_first_order",
    "days_since_contact",
    "days_since_act",
    "days_since_cart",
    "days_since_search",
    "days_to_birthday",
    "referred_buyers",
    "complaints",
    "ratings",
    "invitations",
    "promoted_share",
    "brand_share",
)
MONEY: Final = MappingProxyType(
    {"monetary": "monetary_minor", "value": "value_minor", "median_order": "median_order_minor"}
)
FLAGS: Final = (
    "known",
    "member",
    "buyer",
    "member_day",
    "cart_open",
    "personal",
    "contactable",
)
TEXTS: Final = ("brand", "referrer_id")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "value_class": tuple(VALUE_CLASSES),
        "diagnosis": tuple(CAUSES),
        "stage": tuple(STAGES),
        "price_band": tuple(PRICE_BANDS),
        "opinion": tuple(OPINIONS),
        "development": tuple(DEVELOPMENTS),
        "customer_type": tuple(TYPES),
        "relation": tuple(RELATIONS),
    }
)


class Names(NamedTuple):
    """What a condition may name of the shop's own; where none is known, any name is good."""

    tiers: Sequence[str] = ()
    life_stages: Sequence[str] = ()


def customer_fields(names: Names) -> Fields[Facts]:
    """`attribute.NAME` is what the profile says under any NAME."""
    tiers = tuple(names.tiers)
    choices = {**CHOICES, "tier": tiers}
    lists = {"life_stages": tuple(names.life_stages), "vouchers": tiers}
    found = [
        *[_field(name, Kind.NUMBER) for name in NUMBERS],
        *[_field(name, Kind.MONEY, key) for name, key in MONEY.items()],
        *[_field(name, Kind.FLAG) for name in FLAGS],
        *[_field(name, Kind.TEXT) for name in TEXTS],
        *[_field(name, Kind.LIST, choices=words) for name, words in lists.items()],
        *[_field(name, Kind.CHOICE, choices=words) for name, words in choices.items()],
    ]
    example = attribute_field(f"{ATTRIBUTE}NAME")
    return OpenFields({field.name: field for field in (*found, example)})


ATTRIBUTE: Final = "attribute."


class OpenFields(dict[str, Field[Facts]]):
    """The fields by name, and one for whatever a profile may say."""

    def get(self, name: str, default: Any = None) -> Any:
        if name.startswith(ATTRIBUTE) and name != ATTRIBUTE:
            return attribute_field(name)
        return super().get(name, default)


def attribute_field(name: str) -> Field[Facts]:
    """What the profile says under a name, in JSON; null is as if it said nothing."""
    key = name.removeprefix(ATTRIBUTE)

    def read(facts: Facts) -> str | None:
        said = facts["attributes"].get(key)
        return None if said == NOTHING else said

    return Field(name, Kind.SAID, read)


NOTHING: Final = "null"


def attributes_asked(when: object) -> Iterator[str]:
    """The attributes that a condition asks about, as it is written."""
    if isinstance(when, Mapping):
        name = when.get("field")
        if isinstance(name, str) and name.startswith(ATTRIBUTE):
            yield name.removeprefix(ATTRIBUTE)
        when = tuple(when.values())
    if isinstance(when, list | tuple):
        for part in when:
            yield from attributes_asked(part)


def _field(
    name: str, kind: Kind, key: str | None = None, choices: tuple[str, ...] = ()
) -> Field[Facts]:
    take: Callable[[Facts], Any] = itemgetter(key or name)
    return Field(name, kind, take, choices)
