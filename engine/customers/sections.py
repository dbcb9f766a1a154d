"""The six kinds of customer data (R3), kept apart so that a reader may be shown some of them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.customers.section_config import SECTIONS, ProfileConfig
from engine.customers.state import CustomerState

ATTRIBUTES: Final = "attributes"
FIELD_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("known", "first_at", "last_at", "referrer_id"), "relationship"),
        **dict.fromkeys(("member", "buyer", "relation", "stage", "segments"), "relationship"),
        **dict.fromkeys(("value_class", "development", "customer_type"), "relationship"),
        **dict.fromkeys(("recency_score", "frequency_score", "monetary_score"), "relationship"),
        **dict.fromkeys(("breadth_score", "length_score", "frequency"), "relationship"),
        **dict.fromkeys(("recency_days", "length_days", "orders", "diagnosis"), "relationship"),
        **dict.fromkeys(("first_order_at", "last_order_at"), "relationship"),
        **dict.fromkeys(("days_since_first_order", "days_since_contact"), "relationship"),
        **dict.fromkeys(("referred_buyers", "invitations"), "relationship"),
        **dict.fromkeys(("tier", "tier_rank", "member_day"), "relationship"),
        **dict.fromkeys(("days_to_birthday", "life_stages", "attributes"), "user"),
        **dict.fromkeys(("personal", "contactable"), "attitude"),
        **dict.fromkeys(("price_band", "median_order_minor", "promoted_share"), "attitude"),
        **dict.fromkeys(("brand", "brand_share", "opinion"), "attitude"),
        **dict.fromkeys(("complaints", "ratings"), "feedback"),
        **dict.fromkeys(("breadth", "cycle_days", "overdue_cycles", "cart_open"), "usage"),
        **dict.fromkeys(("days_since_cart", "days_since_search", "days_since_act"), "usage"),
        **dict.fromkeys(("points", "vouchers", "value_minor", "monetary_minor"), "credit"),
    }
)
"""The section of each field of a state: a new one must be put into one, or nobody is shown it."""


def sectioned(
    state: CustomerState, config: ProfileConfig, allowed: Collection[str]
) -> dict[str, dict[str, Any]]:
    """The state by section, without the sections that the reader may not see.

    Attributes stand apart in each: customers name them, and one may be called as a field is.
    """
    found: dict[str, dict[str, Any]] = {
        name: {ATTRIBUTES: {}} for name in SECTIONS if name in allowed
    }
    for name, value in state._asdict().items():
        section = FIELD_SECTIONS.get(name)
        if section in found and name != ATTRIBUTES:
            found[section][name] = value
    for name in state.attributes:
        section = "attitude" if name.startswith("consent.") else config.attributes.get(name, "user")
        if section in found:
            found[section][ATTRIBUTES][name] = state.attribute(name)
    return found
