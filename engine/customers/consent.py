"""What a customer allows (A6): one place to ask, for requests, training, audiences and reports."""

from collections.abc import Iterable
from typing import Final

from engine.customers.facts import Attribute, History
from engine.customers.state import CustomerState

REFUSED: Final = "false"  # the JSON text; whatever else was said, or nothing, allows it


def may_personalise(state: CustomerState) -> bool:
    """False: what they see, get and are sent must not depend on what they did."""
    return state.personal


def may_contact(state: CustomerState) -> bool:
    """False: no message of any kind but what their own orders need."""
    return state.contactable


def personal(history: History) -> bool:
    """The same of a history, without assessing it."""
    return allows(history.attributes, "personal")


def allows(attributes: Iterable[Attribute], purpose: str) -> bool:
    said = {attribute.name: attribute.value for attribute in attributes}
    return said.get(f"consent.{purpose}") != REFUSED
