"""What merchandisers call classes, stages and bands, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.errors import UnknownName

Language = Literal["en", "zh"]


class Label(BaseModel):
    """A name in both languages; tiers and segments carry theirs in shop.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1, max_length=60)
    zh: str = Field(min_length=1, max_length=60)

    def of(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def _labels(**pairs: tuple[str, str]) -> Mapping[str, Label]:
    return MappingProxyType({name: Label(en=en, zh=zh) for name, (en, zh) in pairs.items()})


VALUE_CLASSES: Final = _labels(
    top=("top", "顶级客户"),
    large=("large", "大客户"),
    medium=("medium", "中客户"),
    small=("small", "小客户"),
    inactive=("inactive", "非积极客户"),
    potential=("potential", "潜在客户"),
    suspect=("suspect", "可能客户"),
    other=("other", "其他"),
)
"""From the top of the pyramid down."""

STAGES: Final = _labels(
    potential=("potential", "潜在客户"),
    new=("new", "新客户"),
    ordinary=("ordinary", "普通客户"),
    loyal=("loyal", "忠诚客户"),
    advocate=("advocate", "倡导者"),
    at_risk=("at risk", "流失预警"),
    dormant=("dormant", "沉睡客户"),
    lost=("lost", "流失客户"),
)

PRICE_BANDS: Final = _labels(
    sensitive=("price-sensitive", "价格敏感"),
    neutral=("neutral to price", "价格中性"),
    insensitive=("insensitive to price", "价格不敏感"),
    unknown=("unknown", "未知"),
)

LABELS: Final[Mapping[str, Mapping[str, Label]]] = MappingProxyType(
    {"value_class": VALUE_CLASSES, "stage": STAGES, "price_band": PRICE_BANDS}
)


def label(kind: str, name: str, language: Language) -> str:
    """Raises UnknownName."""
    if kind not in LABELS:
        raise UnknownName("kind of label", kind, LABELS)
    if name not in LABELS[kind]:
        raise UnknownName(kind, name, LABELS[kind])
    return LABELS[kind][name].of(language)
