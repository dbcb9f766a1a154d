"""`caini recommend`: what a slot would hold for a customer, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from caini.opened import category_of, live_bundle
from caini.printed import print_json, print_table
from caini.words import STANDING, WORDS, language_named
from engine.bundle import Bundle
from engine.customers.labels import LABELS
from engine.customers.state import CustomerState
from engine.query import Asked, Query, enrich_at_training
from engine.reasons import Language, say
from engine.recommend import recommend
from engine.shop_folder import read_folder
from engine.slots import SlotPlan, find_slot
from engine.types import Served, Slate

Line = tuple[object, ...]
COLUMNS = ("position", "item_id", "title", "score", "source", "reason")
HEADS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": COLUMNS,
    "zh": ("位置", "商品编号", "名称", "得分", "来源", WORDS["why"]["zh"]),
}
TITLES: Final[Mapping[Language, str]] = {
    "en": "{slot} for {who} ({known})",
    "zh": "{who} · {slot}（{known}）",
}
NOBODY: Final[Mapping[Language, str]] = {"en": "nobody", "zh": WORDS["unknown"]["zh"]}
UNKNOWN: Final[Mapping[Language, str]] = {"en": "unknown", "zh": "未知"}
COMMA: Final[Mapping[Language, str]] = {"en": ", ", "zh": "，"}


def run(
    bundles: Path,
    slot: str,
    n: int | None,
    asked: Asked,
    *,
    config: Path,
    lang: str | None,
    as_json: bool,
) -> None:
    """As of the end of the log: no event that came later is known here.

    `asked.n` is the slot's size where `n` is none.
    """
    language = language_named(lang)
    _, slots = read_folder(config)
    plan = find_slot(slots, slot)
    bundle = live_bundle(bundles)
    if asked.category is not None:
        category_of(bundle, asked.category)
    language = language or bundle.shop.shop.language
    asked = replace(asked, n=n or plan.base.size)
    query = enrich_at_training(asked, bundle, bundle.manifest.watermark)
    slate = recommend(query, plan, bundle)
    lines = [_line(place, served, bundle, language) for place, served in enumerate(slate.items, 1)]
    if as_json:
        print_json(_document(slot, asked, query, slate, bundle, lines))
    else:
        title = _title(asked.customer_id, plan, query, bundle, language)
        print_table(title, HEADS[language], lines)


def _line(position: int, served: Served, bundle: Bundle, language: Language) -> Line:
    titles = [bundle.title_of(row) for row in served.because]
    return (
        position,
        bundle.items.id(served.row),
        bundle.catalogue.titles[served.row],
        served.score,
        served.source,
        say(served.reason, titles, language, served.days),
    )


def _title(
    customer: str | None, plan: SlotPlan, query: Query, bundle: Bundle, language: Language
) -> str:
    slot = plan.name if language == "en" else f"{plan.base.title.zh} ({plan.name})"
    return TITLES[language].format(
        slot=slot,
        who=customer or NOBODY[language],
        known=_known_as(query.customer, bundle, language),
    )


def _known_as(state: CustomerState, bundle: Bundle, language: Language) -> str:
    if not state.known:
        return UNKNOWN[language]
    told = [(name, getattr(state, name)) for name in STANDING]
    return COMMA[language].join(
        f"{WORDS[name][language]} {_called(name, value, bundle, language)}"
        for name, value in told
        if value
    )


def _called(name: str, value: str, bundle: Bundle, language: Language) -> str:
    """By its name in English, as files and answers have it; by its label in Chinese."""
    if language == "en":
        return value
    segments = {each.name: each.label for each in bundle.shop.segments}
    tiers = {each.name: each.label for each in bundle.shop.loyalty.tiers}
    labels = {**LABELS, "segment": segments, "tier": tiers}[name]
    return labels[value].of(language)


def _document(
    slot: str, asked: Asked, query: Query, slate: Slate, bundle: Bundle, lines: Sequence[Line]
) -> dict[str, object]:
    state = query.customer
    return {
        "slot": slot,
        "bundle_version": bundle.version,
        "customer": {
            "customer_id": asked.customer_id,
            "segment": state.segment,
            "value_class": state.value_class,
            "stage": state.stage,
            "tier": state.tier,
        },
        "degraded": list(slate.degraded),
        "items": [dict(zip(COLUMNS, line, strict=True)) for line in lines],
    }
