"""`caini triggers`: what the shop says by itself today, a line for each message."""

import sys
from dataclasses import dataclass
from pathlib import Path

from caini.instants import wall_clock
from caini.ledgers import ledger_named, remember
from caini.opened import live_bundle
from caini.printed import print_json
from caini.words import WORDS, language_named
from engine.customers.config import names_of
from engine.customers.triggers import read_trigger_conditions
from engine.errors import ConfigError
from engine.reasons import Language
from engine.shop import ShopConfig, read_shop
from training.causes import Day
from training.choosing import read_suppressed, with_open
from training.erasure import erased_since
from training.persons import persons_of
from training.segments import schemes_for_lists, states_under
from training.sent import open_ledger
from training.triggers import Rules, Tally, try_triggers, write_triggers


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    now: int | None  # None: this moment
    out: Path | None
    dry_run: bool
    channel: str | None
    ledger: Path | None
    suppress: Path | None
    lang: str | None


def run(bundles: Path, asked: Asked, *, config: Path, quiet: bool, as_json: bool) -> None:
    if asked.out is None and not asked.dry_run:
        raise ConfigError("--out names the file to write; --dry-run needs none")
    if asked.out is not None and asked.dry_run:
        raise ConfigError("--dry-run writes to standard output; leave --out away")
    language = language_named(asked.lang)
    shop = read_shop(config / "shop.toml")
    suppressed = read_suppressed(asked.suppress)
    bundle = live_bundle(bundles)
    suppressed |= erased_since(bundle, bundles)
    now = wall_clock() if asked.now is None else asked.now
    schemes = schemes_for_lists(shop, bundle)
    states = states_under(bundle, schemes, now)
    states = with_open(states, bundle, suppressed)
    day = Day(bundle, schemes, states, shop.festivals, now)
    rules = rules_of(shop, asked.channel)
    book = ledger_named(asked.ledger, bundles)
    if not asked.dry_run:
        remember(book, bundles)
    with open_ledger(book, persons_of(bundle), only_looking=asked.dry_run) as ledger:
        if asked.out is None:
            try_triggers(day, rules, ledger, sys.stdout)
            return
        tally = write_triggers(day, rules, ledger, asked.out)
    if as_json:
        print_json(
            {
                "version": bundle.version,
                "written": tally.written,
                "capped": tally.capped,
                "out": str(asked.out),
            }
        )
    elif not quiet:
        print(_told(tally, asked.out, shop, language or shop.shop.language))  # noqa: T201


def rules_of(shop: ShopConfig, channel: str | None) -> Rules:
    conditions, _ = read_trigger_conditions(
        shop.triggers, names_of(shop), "triggers", minor_units=shop.shop.minor_units
    )
    return Rules(shop.triggers, conditions, shop.outreach, channel)


def _told(tally: Tally, out: Path, shop: ShopConfig, language: Language) -> str:
    """By the names of triggers in English, as files have them; by their labels in Chinese."""
    labels = {each.name: each.label.zh for each in shop.triggers} if language == "zh" else {}
    parts = WORDS["between"][language].join(
        WORDS["messages"][language].format(name=labels.get(name, name), count=count)
        for name, count in tally.written.items()
    )
    told = parts or WORDS["nobody"][language]
    return WORDS["triggers"][language].format(out=out, parts=told, capped=tally.capped)
