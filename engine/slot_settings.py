"""What a slot may be told to do with who is asking; the rules are in `engine.slot_rules`."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ShareOf(StrEnum):
    """Kinds of items that may be given a share of a slot."""

    ON_SALE = "on_sale"
    NEW = "new"
    GOODS = "goods"
    CONTENT = "content"
    SERVICE = "service"


class Share(BaseModel):
    """At least and at most so much of the places shown goes to one kind of items (S1, G6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: ShareOf
    at_least: float = Field(default=0.0, ge=0, le=1, strict=True)
    at_most: float = Field(default=1.0, ge=0, le=1, strict=True)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError(f"at_least ({self.at_least}) must not be above at_most")
        return self


class Lead(BaseModel):
    """The best of one source stand before everything else, in that source's order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    places: int = Field(default=4, ge=1, le=200, strict=True)
