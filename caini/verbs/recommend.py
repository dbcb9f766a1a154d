"""`caini recommend`: what a slot would hold for a customer, and why."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from caini.opened import live_bundle
from caini.printed import print_json, print_table
from engine.bundle import Bundle
from engine.errors import ConfigError
from engine.query import Asked, Query, enrich_at_training
from engine.reasons import Language, say
from engine.recommend import recommend
from engine.shop import read_shop
from engine.slots import find_slot, read_slots
from engine.types import Served, Slate

COLUMNS = ("position", "item_id", "title", "score", "source", "reason")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    customer: str | None
    slot: str
    n: int | None
    category: str | None
    context: tuple[str, ...]
    cart: tuple[str, ...]
    search: str | None


def run(bundles: Path, wanted: Wanted, *, config: Path, lang: str | None, as_json: bool) -> None:
    """As of the end of the log: no event that came later is known here."""
    plan = find_slot(
        read_slots(config / "slots.toml", read_shop(config / "shop.toml")), wanted.slot
    )
    bundle = live_bundle(bundles)
    language = language_of(lang, bundle)
    asked = Asked(
        n=wanted.n or plan.base.size,
        customer_id=wanted.customer,
        context_items=wanted.context,
        cart=wanted.cart,
        category=wanted.category,
        search=wanted.search,
    )
    query = enrich_at_training(asked, bundle, bundle.manifest.watermark)
    slate = recommend(query, plan, bundle)
    lines = [_line(place, served, bundle, language) for place, served in enumerate(slate.items, 1)]
    if as_json:
        print_json(_document(wanted, query, slate, bundle, lines))
    else:
        who = wanted.customer or "nobody"
        print_table(f"{wanted.slot} for {who} ({_known_as(query)})", COLUMNS, lines)


def language_of(lang: str | None, bundle: Bundle) -> Language:
    """The language asked for, else the shop's; ConfigError for one that is neither en nor zh."""
    if lang is None:
        return bundle.shop.shop.language
    for language in get_args(Language):
        if lang == language:
            return language  # type: ignore[no-any-return]  # get_args is not typed
    raise ConfigError(f"--lang {lang}: must be en or zh")


def _line(position: int, served: Served, bundle: Bundle, language: Language) -> tuple[object, ...]:
    titles = [title_of(row, bundle) for row in served.because]
    return (
        position,
        bundle.items.id(served.row),
        bundle.catalogue.titles[served.row],
        served.score,
        served.source,
        say(served.reason, titles, language),
    )


def title_of(row: int, bundle: Bundle) -> str:
    """The title, or the id of an item that has none."""
    return bundle.catalogue.titles[row] or bundle.items.id(row)


def _known_as(query: Query) -> str:
    state = query.customer
    if not state.known:
        return "unknown"
    parts = {
        "segment": state.segment,
        "stage": state.stage,
        "value": state.value_class,
        "tier": state.tier,
    }
    return ", ".join(f"{name} {part}" for name, part in parts.items() if part)


def _document(
    wanted: Wanted, query: Query, slate: Slate, bundle: Bundle, lines: list[tuple[object, ...]]
) -> dict[str, object]:
    state = query.customer
    return {
        "slot": wanted.slot,
        "bundle_version": bundle.version,
        "customer": {
            "customer_id": wanted.customer,
            "segment": state.segment,
            "value_class": state.value_class,
            "stage": state.stage,
            "tier": state.tier,
        },
        "degraded": list(slate.degraded),
        "items": [dict(zip(COLUMNS, line, strict=True)) for line in lines],
    }
