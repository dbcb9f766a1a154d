"""Whom a referral event names, asked in one place: for requests, the store and training."""

from collections.abc import Mapping
from typing import Any


def referrer_in(said: Mapping[str, Any], customer_id: str | None) -> str | None:
    """Who brought `customer_id`, by the properties of their referral; None where it names nobody.

    A blank is nobody, and so are they themself.
    """
    who = said.get("referrer_id")
    if tells_of_another(said) or not isinstance(who, str) or not who.strip():
        return None
    return None if who == customer_id else who


def tells_of_another(said: Mapping[str, Any]) -> bool:
    """A line made ready: it tells a referrer what another bought, and names no referrer."""
    return "referred_id" in said
