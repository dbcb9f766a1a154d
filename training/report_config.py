"""What a retraining tells merchandisers: `[report]` of train.toml."""

from pydantic import Field

from engine.config import Config
from engine.reasons import Language

SMALLEST_GROUP: int = 5  # decision: fewer people than this are not shown


class ReportConfig(Config):
    languages: tuple[Language, ...] = ("en", "zh")  # () for no report
    smallest_group: int = Field(default=SMALLEST_GROUP, ge=1)
