"""A list as a table: one line a customer, the items side by side, as a mailer wants them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.customers.contact import Preference
from engine.customers.loyalty import tier_prices
from engine.reasons import Language
from training.reasoned import Reasoned, said
from training.texts import ItemTexts, gathered


@dataclass(frozen=True, slots=True)
class Lines:
    """Columns of as many customers."""

    customer_ids: Sequence[str]  # or their hashes
    preferences: Sequence[Preference | None]
    tier_ranks: NDArray[np.int64]
    found: Reasoned
    channel: str | None = None  # that was asked for; None: each customer's own


def table_of(lines: Lines, texts: ItemTexts, bundle: Bundle, language: Language) -> pl.DataFrame:
    """Columns of the customer, and the currency; then item, title, reason, prices of each place.

    Wave 1 is the highest tier, who has none the last (P5); null is what is not known.
    """
    tiers = bundle.schemes.ladder.tiers
    preferences = lines.preferences
    columns = {
        "customer_id": pl.Series(lines.customer_ids, dtype=pl.String),
        "channel": _texts([lines.channel or (each and each.channel) for each in preferences]),
        "hour": pl.Series([each and each.hour for each in preferences], dtype=pl.Int8),
        "wave": pl.Series(len(tiers) - lines.tier_ranks + 1, dtype=pl.Int32),
        "tier": pl.Series([None, *(tier.name for tier in tiers)], dtype=pl.String).gather(
            lines.tier_ranks
        ),
        "currency": _texts([bundle.shop.shop.currency] * len(preferences)),
    }
    return pl.DataFrame(columns | _items(lines, texts, bundle, language))


def _items(
    lines: Lines, texts: ItemTexts, bundle: Bundle, language: Language
) -> dict[str, pl.Series]:
    reasons = said(lines.found, texts.titles.__getitem__, language)
    found: dict[str, pl.Series] = {}
    for place in range(lines.found.rows.shape[1]):
        rows, number = lines.found.rows[:, place], place + 1
        prices = np.where(rows >= 0, bundle.catalogue.price_minor[rows], -1)
        found |= {
            f"item_{number}": gathered(texts.ids, rows),
            f"title_{number}": gathered(texts.titles, rows),
            f"reason_{number}": _texts([text or None for text in reasons[:, place].tolist()]),
            f"price_{number}": _money(prices, bundle),
            f"tier_price_{number}": _money(_at_tier(prices, lines.tier_ranks, bundle), bundle),
        }
    return found


def _texts(values: Sequence[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _at_tier(
    prices: NDArray[np.int64], ranks: NDArray[np.int64], bundle: Bundle
) -> NDArray[np.int64]:
    """-1 without a tier, as the API answers null."""
    paid = np.full_like(prices, -1)
    for tier in bundle.schemes.ladder.tiers:
        of_tier = ranks == tier.rank
        paid[of_tier] = tier_prices(prices[of_tier], tier)
    return paid


def _money(minor: NDArray[np.int64], bundle: Bundle) -> pl.Series:
    """In the currency with its decimals, exact; null where there is no price."""
    words = np.zeros((len(minor), 2), np.int64)  # of 128 bits, the lower first
    words[:, 0] = minor
    known = pa.array(minor >= 0).buffers()[1]
    kind = pa.decimal128(18, bundle.shop.shop.minor_units)
    exact = pa.Array.from_buffers(kind, len(minor), [known, pa.py_buffer(words)])
    return pl.Series(exact)
