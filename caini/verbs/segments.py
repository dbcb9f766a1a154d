"""`caini segments`: who is in each segment, and what they bring."""

from pathlib import Path
from typing import Final

from caini.opened import live_bundle
from caini.printed import print_json, print_table
from caini.words import language_named
from engine.reasons import Language
from engine.shop import read_shop, schemes_of
from training.segments import SegmentSize, segment_sizes, states_under

COLUMNS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("segment", "label", "customers", "share", "revenue share", "for example"),
    "zh": ("分群", "名称", "客户数", "客户占比", "收入占比", "示例客户"),
}
TITLES: Final[dict[Language, str]] = {
    "en": "{customers} customers, {revenue} {currency} in the last {days} days",
    "zh": "{customers} 位客户，近 {days} 天收入 {revenue} {currency}",
}


def run(bundles: Path, *, config: Path, lang: str | None, as_json: bool) -> None:
    """The segments of shop.toml as it is now, so that a change can be tried before training."""
    language = language_named(lang)
    shop = read_shop(config / "shop.toml")
    bundle = live_bundle(bundles)
    language = language or bundle.shop.shop.language
    identity = bundle.shop.shop  # currency and decimals are the log's
    schemes = schemes_of(shop)
    states = states_under(bundle, schemes, bundle.manifest.watermark)
    sizes = segment_sizes(states, schemes.segments, bundle)
    revenue = int(states["monetary_minor"].sum())
    if as_json:
        print_json(
            {
                "version": bundle.version,
                "customers": states.height,
                "revenue_minor": revenue,
                "currency": identity.currency,
                "window_days": shop.value.window_days,
                "segments": [_document(size, language) for size in sizes],
            }
        )
        return
    title = TITLES[language].format(
        customers=states.height,
        revenue=f"{revenue / 10**identity.minor_units:.{identity.minor_units}f}",
        currency=identity.currency,
        days=shop.value.window_days,
    )
    print_table(title, COLUMNS[language], [_line(size, language) for size in sizes])


def _document(size: SegmentSize, language: Language) -> dict[str, object]:
    return {
        "name": size.name,
        "label": size.label.of(language),
        "customers": size.customers,
        "share": size.share,
        "revenue_minor": size.revenue_minor,
        "revenue_share": size.revenue_share,
        "samples": list(size.samples),
    }


def _line(size: SegmentSize, language: Language) -> tuple[object, ...]:
    return (
        size.name,
        size.label.of(language),
        size.customers,
        f"{size.share:z.1%}",
        f"{size.revenue_share:z.1%}",
        ", ".join(size.samples),
    )
