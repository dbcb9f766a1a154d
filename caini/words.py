"""Words that several verbs print, in both languages."""

from collections.abc import Mapping
from typing import Final

from engine.reasons import Language

Words = Mapping[str, Mapping[Language, str]]
WORDS: Final[Words] = {
    "unknown": {"en": "nobody knows them yet", "zh": "新访客"},
    "segment": {"en": "segment", "zh": "分群"},
    "stage": {"en": "stage", "zh": "阶段"},
    "value_class": {"en": "value", "zh": "价值"},
    "tier": {"en": "tier", "zh": "等级"},
    "item": {"en": "item", "zh": "商品"},
    "why": {"en": "why", "zh": "推荐理由"},
}
STANDING: Final = ("segment", "stage", "value_class", "tier")
"""What is said of a customer in one line, in this order."""
