"""What merchandisers call classes, stages and bands, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field

from engine.config import Config
from engine.errors import UnknownName

Language = Literal["en", "zh"]


class Label(Config):
    """A name in both languages; tiers and segments carry theirs in shop.toml."""

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

OPINIONS: Final = _labels(
    leader=("opinion leader", "意见领袖"),
    intending=("intending", "意向客户"),
    nurture=("to nurture", "需培育客户"),
)

DEVELOPMENTS: Final = _labels(
    established=("established", "成熟客户"),
    to_develop=("to develop", "待发展客户"),
    potential=("potential", "潜力客户"),
)

TYPES: Final = _labels(
    opinion_leader=("opinion leader", "意见领袖"),
    prime=("prime customer", "优质大客户"),
    small_medium=("small or medium customer", "中小客户"),
    intending=("intending customer", "意向客户"),
    potential=("potential customer", "潜在客户"),
)
"""Highest priority first."""

RELATIONS: Final = _labels(
    member_buyer=("member who buys", "会员已购"),
    member_only=("member without an order", "会员未购"),
    buyer_only=("buyer who is no member", "非会员已购"),
    neither=("neither member nor buyer", "非会员未购"),
)

CAUSES: Final = _labels(
    low_frequency=("orders seldom", "购买频次低"),
    small_basket=("small orders", "客单价低"),
    single_category=("buys one category", "品类单一"),
)

LABELS: Final[Mapping[str, Mapping[str, Label]]] = MappingProxyType(
    {
        "value_class": VALUE_CLASSES,
        "stage": STAGES,
        "price_band": PRICE_BANDS,
        "opinion": OPINIONS,
        "development": DEVELOPMENTS,
        "customer_type": TYPES,
        "relation": RELATIONS,
        "diagnosis": CAUSES,
    }
)


def label(kind: str, name: str, language: Language) -> str:
    """Raises UnknownName."""
    if kind not in LABELS:
        raise UnknownName("kind of label", kind, LABELS)
    if name not in LABELS[kind]:
        raise UnknownName(kind, name, LABELS[kind])
    return LABELS[kind][name].of(language)
