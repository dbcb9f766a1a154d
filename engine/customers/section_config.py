"""The kinds of customer data (R3), and which of them an attribute is."""

from typing import Final, Literal, get_args

from pydantic import Field, field_validator

from engine.config import Config

SectionName = Literal["user", "relationship", "attitude", "feedback", "usage", "credit"]
SECTIONS: Final[tuple[SectionName, ...]] = get_args(SectionName)


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
