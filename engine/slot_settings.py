"""What a slot may be told to do with who is asking.

The rules are in `engine.slot_rules` and `engine.slot_shares`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from engine.config import Config

ROUNDING: Final = 1e-9  # 0.3 of 10 places are 3, whatever the float says


class ShareOf(StrEnum):
    """Kinds of items that may be given a share of a slot."""

    ON_SALE = "on_sale"
    NEW = "new"
    GOODS = "goods"
    CONTENT = "content"
    SERVICE = "service"


class Share(Config):
    """At least and at most so much of the places shown goes to one kind of items (S1, G6)."""

    of: ShareOf
    at_least: float = Field(default=0.0, ge=0, le=1)
    at_most: float = Field(default=1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError(f"at_least ({self.at_least}) must not be above at_most")
        return self


def wrong_shares(shares: Sequence[Share]) -> str | None:
    """Why these cannot be kept together; None where they can."""
    named = [share.of for share in shares]
    twice = next((str(of) for of in named if named.count(of) > 1), None)
    if twice is not None:
        return f"{twice} is named twice; write its at_least and at_most in one share"
    least = sum(share.at_least for share in shares)
    if least > 1 + ROUNDING:
        parts = " + ".join(f"{share.of} {share.at_least:g}" for share in shares if share.at_least)
        return f"at_least of all shares ({parts}) is {least:g}, more than all places (1)"
    return None


class Lead(Config):
    """The best of one source stand before everything else, in that source's order.

    Places that the least shares of the slot need are not the lead's.
    """

    source: str
    places: int = Field(default=4, ge=1, le=200)
