"""`caini audience`: a list of whom to write to, with what, when and where."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from caini.instants import wall_clock
from caini.ledgers import ledger_named, remember
from caini.opened import category_of, live_bundle
from caini.printed import print_json
from caini.progress import progress_bar
from caini.words import WORDS, language_named
from engine.bundle import Bundle
from engine.customers.campaigns import CampaignConfig, starts_at
from engine.errors import ConfigError, UnknownName
from engine.nearest import nearest
from engine.programme import items_of
from engine.shop import ShopConfig
from engine.shop_folder import read_folder
from engine.slots import SlotPlan, find_slot
from engine.types import Rows
from training.audience import Chosen, Plan, Tally, write_audience
from training.choosing import (
    likeliest,
    not_converted,
    of_campaign,
    of_segment,
    read_suppressed,
    with_open,
)
from training.erasure import erased_since
from training.list_files import require_kind
from training.persons import persons_of
from training.reasoned import Offer
from training.segments import schemes_for_lists, states_under
from training.sent import Ledger, open_ledger


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for. Exactly one of the first six is given."""

    segment: str | None
    campaign: str | None
    item: str | None
    brand: str | None
    category: str | None
    after: str | None  # second wave of the list of this name
    slot: str
    n: int
    channel: str | None
    size: int
    holdout: float
    name: str | None
    hash_salt: str | None  # name of an environment variable
    now: int | None
    suppress: Path | None

    @property
    def most(self) -> int | None:
        """Of lists of who is likeliest to want something; the others are for everybody."""
        likeliest_of = (self.item, self.brand, self.category)
        return None if likeliest_of == (None, None, None) else self.size


def run(
    bundles: Path,
    wanted: Wanted,
    out: Path,
    *,
    ledger: Path | None,
    config: Path,
    lang: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    require_kind(out)
    about = _about(wanted)
    salt = None if wanted.hash_salt is None else salt_of(wanted.hash_salt)
    language = language_named(lang)
    shop, slots = read_folder(config)
    slot = find_slot(slots, wanted.slot)
    path = ledger_named(ledger, bundles)
    _require_names(wanted, shop, path)
    suppressed = read_suppressed(wanted.suppress)
    bundle = live_bundle(bundles)
    suppressed |= erased_since(bundle, bundles)
    sent_at, now = _instants(wanted, bundle)
    plan = Plan(
        name=wanted.name or about,
        offer=_offer(wanted, shop, bundle, now),
        slot=slot,
        config=shop.outreach,
        language=language or bundle.shop.shop.language,
        holdout=wanted.holdout,
        size=wanted.most,
        salt=salt,
        again=wanted.after is not None and wanted.after == wanted.name,
        sent_at=sent_at,
        about=about,
        once_since=_begun(wanted, shop),
    )
    schemes = schemes_for_lists(shop, bundle)
    states = with_open(states_under(bundle, schemes, now), bundle, suppressed)
    remember(path, bundles)
    with open_ledger(path, persons_of(bundle)) as book:
        rows = _chosen(wanted, states, (bundle, shop, slot, book), now)
        ranks = states["tier_rank"].to_numpy().astype(np.int64)
        chosen = Chosen(rows, ranks[rows])
        total = len(rows) if plan.size is None else min(plan.size, len(rows))
        with progress_bar(plan.name, total, shown=not quiet and not as_json) as advance:
            tally = write_audience(chosen, bundle, plan, book, out, advance)
    _tell(tally, plan, bundle, out, quiet=quiet, as_json=as_json)


def salt_of(variable: str) -> bytes:
    """Never on the command line, where everybody on the machine can read it."""
    salt = os.environ.get(variable, "")
    if len(salt) < 16:  # decision: ids are few; a short salt is tried out in a day
        raise ConfigError(
            f"--hash-salt {variable}: the environment must hold 16 characters or more"
        )
    return salt.encode()


def _instants(wanted: Wanted, bundle: Bundle) -> tuple[int, int]:
    """The moment of sending, and the one as of which customers and items are judged: the last of
    which the bundle knows; for a campaign, which opens by the clock, the moment of sending.
    """
    if wanted.now is not None:
        return wanted.now, wanted.now
    sent_at = wall_clock()
    return sent_at, bundle.manifest.watermark if wanted.campaign is None else sent_at


def _begun(wanted: Wanted, shop: ShopConfig) -> int | None:
    """Since when nobody is sent a campaign twice: its start, for the name may come again."""
    return None if wanted.campaign is None else starts_at(campaign_of(shop, wanted.campaign))


def _about(wanted: Wanted) -> str:
    """What the list is about, in words that name it: "segment:dormant"."""
    kinds = ("segment", "item", "brand", "category", "after", "campaign")
    given = {kind: getattr(wanted, kind) for kind in kinds}
    named = [f"{kind}:{value}" for kind, value in given.items() if value is not None]
    if len(named) != 1:
        raise ConfigError(f"name exactly one of {', '.join(f'--{kind}' for kind in kinds)}")
    return named[0]


def _offer(wanted: Wanted, shop: ShopConfig, bundle: Bundle, now: int) -> Offer:
    offer = Offer(wanted.n, now, wanted.channel)
    if wanted.item is not None:
        return replace(offer, item=int(items_about(wanted, bundle)[0]))
    if wanted.campaign is not None:
        campaign = campaign_of(shop, wanted.campaign)
        if not campaign.has_items:
            return offer
        inside = np.flatnonzero(items_of(campaign, bundle.items, bundle.catalogue)).astype(np.int32)
    elif wanted.brand is not None or wanted.category is not None:
        inside = items_about(wanted, bundle)
    else:
        return offer
    return replace(
        offer, outside=np.setdiff1d(np.arange(len(bundle.items), dtype=np.int32), inside)
    )


def _require_names(wanted: Wanted, shop: ShopConfig, ledger: Path) -> None:
    """What no bundle has to be read for, which takes long. Raises UnknownName."""
    names = [segment.name for segment in shop.segments]
    if wanted.segment is not None and wanted.segment not in names:
        raise UnknownName("segment", wanted.segment, names)
    if wanted.campaign is not None:
        campaign_of(shop, wanted.campaign)
    if wanted.after is not None:
        with open_ledger(ledger, only_looking=True) as book:
            members_of(wanted.after, book, shop)


def members_of(name: str, book: Ledger, shop: ShopConfig) -> dict[str, int]:
    """Who was sent the list, and when. Raises UnknownName with the lists that there are."""
    members = book.members(name, shop.outreach.list_ms)
    if not members:
        raise UnknownName("list", name, book.names())
    return members


def campaign_of(shop: ShopConfig, name: str) -> CampaignConfig:
    """Raises UnknownName."""
    found = {each.name: each for each in shop.campaigns}
    if name not in found:
        raise UnknownName("campaign", name, found)
    return found[name]


def items_about(wanted: Wanted, bundle: Bundle) -> Rows:
    """Rows of the item, the brand's or the category's items. Raises UnknownName."""
    catalogue = bundle.catalogue
    if wanted.item is not None:
        row = bundle.items.row(wanted.item)
        if row < 0:
            ids = tuple(bundle.items.ids(range(len(bundle.items))))
            raise UnknownName("item", wanted.item, None, nearest(wanted.item, ids))
        return np.array([row], np.int32)
    if wanted.brand is not None:
        code = catalogue.brands.row(wanted.brand)
        if code < 0:
            known = catalogue.brands.ids(range(len(catalogue.brands)))
            raise UnknownName("brand", wanted.brand, known)
        return np.flatnonzero(catalogue.brand == code).astype(np.int32)
    assert wanted.category is not None, "asked where one of the three is given"
    return np.flatnonzero(catalogue.within(category_of(bundle, wanted.category))).astype(np.int32)


def _chosen(
    wanted: Wanted,
    states: pl.DataFrame,
    world: tuple[Bundle, ShopConfig, SlotPlan, Ledger],
    now: int,
) -> Rows:
    bundle, shop, slot, book = world
    if wanted.segment is not None:
        return of_segment(wanted.segment, states)
    if wanted.campaign is not None:
        tiers = {"tiers": bundle.shop.loyalty.tiers}  # as in the states
        loyalty = shop.loyalty.model_copy(update=tiers)
        return of_campaign(campaign_of(shop, wanted.campaign), loyalty, states, now)
    if wanted.after is not None:
        return not_converted(members_of(wanted.after, book, shop), states, bundle)
    about = items_about(wanted, bundle)
    return likeliest(about, states, bundle, slot.base.sources, now)


def _tell(
    tally: Tally, plan: Plan, bundle: Bundle, out: Path, *, quiet: bool, as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "version": bundle.version,
                "name": plan.name,
                "slot": plan.slot.name,
                "chosen": tally.chosen,
                "sent_before": tally.sent_before,
                "capped": tally.capped,
                "held_out": tally.held_out,
                "held_before": tally.held_before,
                "without_items": tally.without_items,
                "written": tally.written,
                "out": str(out),
            }
        )
    elif not quiet:
        told = WORDS["audience"][plan.language]
        print(told.format(out=out, **asdict(tally)))  # noqa: T201
        about = "name" if plan.subject is None else "campaign"
        for name in ("sent_before", "held_before"):
            if getattr(tally, name):
                hours = plan.config.list_hours
                said = WORDS[f"{name}_{about}"][plan.language].format(
                    list=plan.name, hours=hours, **asdict(tally)
                )
                print(said)  # noqa: T201
