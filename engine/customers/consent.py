"""What a customer allows (A6): one place to ask, for requests, training, audiences and reports.

Of a state, its fields `personal` and `contactable` say it.
"""

from collections.abc import Mapping
from typing import Final

from engine.customers.facts import History

ALLOWED: Final = "true"  # the JSON text; whatever else was said refuses it, nothing allows it


def personal(history: History) -> bool:
    """Whether their data may serve a recommendation, their own or another's."""
    return allows({said.name: said.value for said in history.attributes}, "personal")


def allows(said: Mapping[str, str], purpose: str) -> bool:
    """`said` are the attributes of a history: name and JSON text."""
    return said.get(name_of(purpose), ALLOWED) == ALLOWED


def name_of(purpose: str) -> str:
    """The attribute that a consent is kept under."""
    return f"consent.{purpose}"
