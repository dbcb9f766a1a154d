"""`caini tags`: who carries which tag, and how many orders carry one (A4)."""

from pathlib import Path
from typing import Final

from caini.opened import live_bundle
from caini.printed import print_json, print_table
from caini.progress import progress_bar
from caini.words import language_named
from engine.bundle import Bundle
from engine.customers.tags import GOAL
from engine.errors import ConfigError
from engine.reasons import Language
from engine.shop import read_shop
from training.assemble import require_log_of
from training.list_files import ListWriter, require_kind
from training.tags import WINDOW_DAYS, Tagged, number_of_looks, table_of, tagged
from training.train import open_source
from training.whole_file import whole

COLUMNS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("tag", "label", "customers", "share", "orders"),
    "zh": ("标签", "名称", "客户数", "客户占比", "订单数"),
}
LOOKS: Final[dict[Language, str]] = {"en": "looks at everybody", "zh": "逐次查看"}
TITLES: Final[dict[Language, str]] = {
    "en": "{share:.1%} of {orders} orders of the last {days} days carry a tag (goal {goal:.0%})",
    "zh": "近 {days} 天 {orders} 个订单中 {share:.1%} 带标签（目标 {goal:.0%}）",
}


def run(
    bundles: Path,
    log: Path,
    *,
    out: Path | None,
    every: int,
    config: Path,
    lang: str | None,
    as_json: bool,
) -> None:
    """The tags of shop.toml as it is now, so that a change can be tried before training."""
    if out is not None:
        require_kind(out)
        if not out.parent.is_dir():
            raise ConfigError(f"--out {out}: the folder {out.parent} does not exist")
    language = language_named(lang)
    shop = read_shop(config / "shop.toml")
    bundle = live_bundle(bundles)
    source = open_source(log, None)
    require_log_of(bundle, source)
    language = language or bundle.shop.shop.language
    looks = number_of_looks(bundle, shop, every)
    with progress_bar(LOOKS[language], looks, shown=not as_json) as advance:
        found = tagged(bundle, source.log, shop, every, lambda: advance(1))
    if out is not None:
        with whole(out) as unfinished, ListWriter(unfinished, out.suffix) as file:
            file.write(table_of(found, bundle, shop.tags))
    _tell(found, bundle, language, as_json=as_json)


def _tell(found: Tagged, bundle: Bundle, language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "version": bundle.version,
                "window_days": WINDOW_DAYS,
                "orders": found.orders,
                "tagged_orders": found.tagged_orders,
                "share": found.share,
                "goal": GOAL,
                "tags": [
                    {
                        "name": size.name,
                        "label": size.label.of(language),
                        "customers": size.customers,
                        "share": size.share,
                        "orders": size.orders,
                    }
                    for size in found.sizes
                ],
            }
        )
        return
    title = TITLES[language].format(
        share=found.share, orders=found.orders, days=WINDOW_DAYS, goal=GOAL
    )
    lines = [
        (size.name, size.label.of(language), size.customers, f"{size.share:.1%}", size.orders)
        for size in found.sizes
    ]
    print_table(title, COLUMNS[language], lines)
