"""Every word of the report in both languages: a table in texts.toml, checked as it is read."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine.reasons import Language


class Text(BaseModel):
    """What stands in braces is a value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def _read() -> dict[str, Text]:
    """By "group.name"; those of the page by their name alone."""
    raw = tomllib.loads(files("training.report").joinpath("texts.toml").read_text("utf-8"))
    groups = TypeAdapter(dict[str, dict[str, Text]]).validate_python(raw)
    return {
        name if group == "page" else f"{group}.{name}": words
        for group, texts in groups.items()
        for name, words in texts.items()
    }


TEXTS: Final[Mapping[str, Text]] = _read()


def text(key: str, language: Language) -> str:
    """Raises KeyError for a text that does not exist."""
    return TEXTS[key].of(language)
