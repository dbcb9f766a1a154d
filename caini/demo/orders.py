"""Orders: what is bought, what is bought beside it, and what comes after."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.lines import join, lines, take
from caini.demo.prices import price_at, sale_share
from caini.demo.shelves import SHELVES
from caini.demo.world import BASKET, POS, WEB, Codes, Items, Rng, World, Year
from engine.events import EventType
from engine.types import DAY_MS, Instants, Rows

LASTING: Final = np.array([shelf.cycle_days == 0 for shelf in SHELVES])  # no consumables

# Guesses.
PARTNER_CHANCES: Final = (0.28, 0.12, 0.06)  # of the item's complements, in their order
BESIDE_CHANCE: Final = 0.08  # of the second best liked
REFUND_SHARE: Final = 0.04
REFUND_DAYS: Final = (2, 12)
COMPLAINT_SHARE: Final = 0.25  # of refunds
RATING_SHARE: Final = 0.06
UNNAMED_SHARE: Final = 0.25  # of till orders of the customers who are late to sign in


@dataclass(frozen=True, slots=True)
class Bought:
    """One row an order's main item; `beside` -1 or another item of the same interest."""

    customer: Rows
    item: Rows
    at: Instants
    channel: Codes
    units: Rows
    beside: Rows
    alone: NDArray[np.bool_]  # nothing beside it, and nothing comes after


def place_orders(world: World, bought: Bought, rng: Rng) -> Year:
    """Purchases (one line an item), refunds, complaints and ratings. Orders count from 0."""
    purchases = _purchases(world, bought, rng)
    free = (purchases.customer >= 0) & ~bought.alone[purchases.order]
    back = take(purchases, free & (rng.random(len(purchases)) < REFUND_SHARE))
    days = rng.uniform(*REFUND_DAYS, len(back))
    refund_at = back.at + (days * DAY_MS).astype(np.int64)
    complains = rng.random(len(back)) < COMPLAINT_SHARE
    rates = take(purchases, free & (rng.random(len(purchases)) < RATING_SHARE))
    return join(
        [
            purchases,
            lines(
                EventType.REFUND,
                refund_at,
                customer=back.customer,
                item=back.item,
                quantity=back.quantity,
                price=back.price,
                order=back.order,
                channel=back.channel,
            ),
            lines(
                EventType.COMPLAINT,
                refund_at[complains] - DAY_MS,
                customer=back.customer[complains],
                item=back.item[complains],
                channel=back.channel[complains],
            ),
            lines(
                EventType.RATING,
                rates.at + 9 * DAY_MS,
                customer=rates.customer,
                item=rates.item,
                channel=rates.channel,
                properties=rng.choice(STARS, len(rates), p=STAR_CHANCES),
            ),
        ]
    )


STARS: Final = np.arange(5)  # the first five texts of the property table
STAR_CHANCES: Final = (0.03, 0.05, 0.12, 0.3, 0.5)


def rating_texts() -> list[str]:
    return [f'{{"stars": {stars + 1}}}' for stars in STARS]


def purchase_texts(items: Items) -> list[str]:
    """Two texts an item: at its usual price, and on sale."""
    costs = items.cost.tolist()
    extras = ("", ', "promotion": "discount"')
    return [f'{{"unit_cost_minor": {cost}{extra}}}' for cost in costs for extra in extras]


def _purchases(world: World, bought: Bought, rng: Rng) -> Year:
    partners = world.items.complements[bought.item]
    extra = np.column_stack([partners, bought.beside])
    chance = rng.random(extra.shape) < np.array([*PARTNER_CHANCES, BESIDE_CHANCE])
    launched = world.items.launched_at[extra] <= bought.at[:, None]
    wanted = chance & launched & (extra >= 0) & _fits(world, bought, extra)
    wanted &= ~bought.alone[:, None]
    order, place = np.nonzero(wanted)
    item = np.concatenate([bought.item, extra[order, place]])
    order = np.concatenate([np.arange(len(bought.item)), order])
    units = np.concatenate([bought.units, np.ones(len(item) - len(bought.item), np.int32)])
    at = bought.at[order]
    shown = _shown(world, bought, rng)
    on_sale = sale_share(world.items, item, at) > 0
    purchases = lines(
        EventType.PURCHASE,
        at,
        customer=shown[0][order],
        visitor=shown[1][order],
        item=item,
        quantity=units,
        price=price_at(world.items, item, at),
        order=order,
        channel=bought.channel[order],
        properties=len(STARS) + 2 * item + on_sale,
    )
    return take(purchases, _once(world, bought, purchases))


def _once(world: World, bought: Bought, purchases: Year) -> NDArray[np.bool_]:
    """False where a customer would get a second one of what lasts."""
    lasts = LASTING[world.items.shelf[purchases.item]] & (purchases.customer >= 0)
    rows = np.flatnonzero(lasts)
    rows = rows[np.lexsort((purchases.at[rows], ~bought.alone[purchases.order[rows]]))]
    key = purchases.customer[rows].astype(np.int64) << 32 | purchases.item[rows]
    once = ~lasts
    once[rows[np.unique(key, return_index=True)[1]]] = True
    return once


def _fits(world: World, bought: Bought, extra: Rows) -> NDArray[np.bool_]:
    """Nobody adds an item twice, nor milk of a stage (a complement knows no baby)."""
    twice = np.zeros(extra.shape, np.bool_)
    for place in range(1, extra.shape[1]):
        twice[:, place] = (extra[:, :place] == extra[:, [place]]).any(axis=1)
    staged = world.items.stage[extra] > 0
    return np.asarray(~twice & ~staged & (extra != bought.item[:, None]))


def _shown(world: World, bought: Bought, rng: Rng) -> tuple[Rows, Rows]:
    """Customer and visitor of each order: some hand over no card at the till."""
    late = world.people.late_sign_in[bought.customer]
    unnamed = late & (bought.channel == POS) & (rng.random(len(late)) < UNNAMED_SHARE)
    visitor = np.where(late & (bought.channel == WEB), bought.customer, -1)
    return np.where(unnamed, -1, bought.customer), np.where(unnamed, BASKET, visitor)


def all_bought(parts: list[Bought]) -> Bought:
    return Bought(
        **{
            column.name: np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(Bought)
        }
    )
