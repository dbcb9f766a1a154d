"""Money that a shop writes, in whole minor units of its currency."""

from decimal import Decimal
from typing import Final

TOO_FINE: Final = "has more decimals than the currency"


def in_minor(amount: Decimal, minor: int) -> int | None:
    """`minor` units make one of the currency. None for what they cannot hold: 0.005 yuan."""
    found = amount * minor
    return int(found) if found == found.to_integral_value() else None
