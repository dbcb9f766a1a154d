"""The kinds of customer data (R3), and which of them an attribute is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field, field_validator

from engine.config import Config
from engine.customers.labels import Label

SectionName = Literal["user", "relationship", "attitude", "feedback", "usage", "credit"]

SECTIONS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "user": Label(en="user", zh="使用者"),
        "relationship": Label(en="relationship", zh="关系"),
        "attitude": Label(en="attitude", zh="态度"),
        "feedback": Label(en="feedback", zh="反馈"),
        "usage": Label(en="usage", zh="用途"),
        "credit": Label(en="credit", zh="信用"),
    }
)


class ProfileConfig(Config):
    """`[profile]`: the section of each attribute; those not named belong to the user."""

    attributes: dict[str, str] = Field(default_factory=dict)

    @field_validator("attributes")
    @classmethod
    def _known(cls, attributes: dict[str, str]) -> dict[str, str]:
        unknown = sorted({*attributes.values()} - set(SECTIONS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is no section; allowed: {', '.join(SECTIONS)}")
        return attributes
