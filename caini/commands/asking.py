"""Verbs that ask a bundle: for one customer, for all, for lists of them."""

from pathlib import Path
from typing import Annotated

import typer

from caini.options import (
    CONFIG,
    Bundles,
    Channel,
    Config,
    Json,
    Lang,
    Ledger,
    Quiet,
    Slot,
    Suppress,
)


def recommend(
    bundles: Bundles,
    customer: Annotated[
        str | None,
        typer.Option("--customer", "--customer-id", help="Customer id; nobody when left out."),
    ] = None,
    slot: Slot = "home",
    n: Annotated[
        int | None, typer.Option(min=1, max=200, help="How many; the slot's size when left out.")
    ] = None,
    category: Annotated[str | None, typer.Option(help='Path, like "food > snacks".')] = None,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "--context-items", help="Items of the page."),
    ] = None,
    cart: Annotated[list[str] | None, typer.Option(help="Items in the cart.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Never these items.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", "--query", help="Words searched for.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Where the page is: web, app …")] = None,
    lang: Lang = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Show what a slot would hold for a customer, and why: as of the training.

    What happened since, and what PUT /items changed, the server alone knows: ask POST /recommend.

    Options may be named as the API names them: --customer-id, --context-items, --query, --language.
    """
    from caini.verbs.recommend import run
    from engine.query import Asked

    run(
        bundles,
        slot,
        n,
        Asked(
            n=0,
            customer_id=customer,
            context_items=tuple(context or ()),
            cart=tuple(cart or ()),
            exclude=tuple(exclude or ()),
            category=category,
            search=search,
            channel=channel,
        ),
        config=config,
        lang=lang,
        as_json=json,
    )


def batch(
    bundles: Bundles,
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    slot: Slot = "home",
    n: Annotated[int, typer.Option(min=1, max=200, help="Items for each customer.")] = 20,
    repeat: Annotated[
        str | None, typer.Option(help="never, when_due or always; else the slot's own.")
    ] = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fill a slot for every customer of the current bundle."""
    from caini.verbs.batch import run

    run(bundles, out, slot=slot, n=n, repeat=repeat, config=config, quiet=quiet, as_json=json)


def segments(
    bundles: Bundles, lang: Lang = None, config: Config = CONFIG, json: Json = False
) -> None:
    """Show each segment's size, its share of customers and revenue, and some of its customers."""
    from caini.verbs.segments import run

    run(bundles, config=config, lang=lang, as_json=json)


def tags(
    bundles: Bundles,
    log: Annotated[Path, typer.Option(help="Log that the bundle was trained on.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV or Parquet file of who carries which tag.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Days between two looks at everybody.")] = 7,
    lang: Lang = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Show who carries each tag, and the share of orders that carry one."""
    from caini.verbs.tags import run

    run(bundles, log, out=out, every=every, config=config, lang=lang, as_json=json)


def audience(
    bundles: Bundles,
    out: Annotated[Path, typer.Option(help="CSV or Parquet file to write.")],
    segment: Annotated[str | None, typer.Option(help="Everybody of a segment.")] = None,
    campaign: Annotated[
        str | None,
        typer.Option(help="Whose wave of a campaign has opened, and who was not sent it yet."),
    ] = None,
    item: Annotated[str | None, typer.Option(help="Who is likeliest to want an item.")] = None,
    brand: Annotated[str | None, typer.Option(help="Or something of a brand.")] = None,
    category: Annotated[str | None, typer.Option(help="Or of a category and below.")] = None,
    after: Annotated[
        str | None, typer.Option(help="Second wave: who got the list of this name, and no order.")
    ] = None,
    slot: Annotated[str, typer.Option(help="A slot of slots.toml that fills the message.")] = "my",
    n: Annotated[int, typer.Option(min=1, max=50, help="Items in a message.")] = 10,
    channel: Channel = None,
    size: Annotated[
        int, typer.Option(min=1, help="Customers to write to for an item, a brand or a category.")
    ] = 1_000,
    holdout: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share who get nothing, to compare with.")
    ] = 0.0,
    name: Annotated[
        str | None, typer.Option(help="Of the campaign; like segment:dormant when left out.")
    ] = None,
    hash_salt: Annotated[
        str | None, typer.Option(help="Hash ids with the salt in this environment variable.")
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(
            help="Instant, ISO 8601, of sending and of what is known; else it is sent at this "
            "moment, by what is known at the log's end."
        ),
    ] = None,
    suppress: Suppress = None,
    ledger: Ledger = None,
    lang: Lang = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """List whom to write to: where, when, with which items, why, and at which price.

    Who opted out, was written to too often or is held out is left out, and so are items that a
    customer was sent lately. What is in the file counts as sent.
    """
    from caini.instants import instant_of
    from caini.verbs.audience import Wanted, run

    run(
        bundles,
        Wanted(
            segment=segment,
            campaign=campaign,
            item=item,
            brand=brand,
            category=category,
            after=after,
            slot=slot,
            n=n,
            channel=channel,
            size=size,
            holdout=holdout,
            name=name,
            hash_salt=hash_salt,
            now=None if now is None else instant_of(now),
            suppress=suppress,
        ),
        out,
        ledger=ledger,
        config=config,
        lang=lang,
        quiet=quiet,
        as_json=json,
    )


def triggers(
    bundles: Bundles,
    out: Annotated[Path | None, typer.Option(help="JSON Lines file to write.")] = None,
    now: Annotated[str | None, typer.Option(help="Instant, ISO 8601; this moment.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print who would be touched; remember nothing.")
    ] = False,
    channel: Channel = None,
    suppress: Suppress = None,
    ledger: Ledger = None,
    lang: Lang = None,
    config: Config = CONFIG,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write what the shop says by itself today: birthdays, festivals, care, due, wake-up, tiers.

    One line a message, for a message sender; the same cause never makes a second line.
    """
    from caini.instants import instant_of
    from caini.verbs.triggers import Asked, run

    moment = None if now is None else instant_of(now)
    run(
        bundles,
        Asked(moment, out, dry_run, channel, ledger, suppress, lang),
        config=config,
        quiet=quiet,
        as_json=json,
    )
