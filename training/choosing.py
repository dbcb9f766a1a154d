"""Whom a list is for (A1, A2). Nobody who opted out of personal data or of messages (A6)."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.campaigns import CampaignConfig, invited, readiness
from engine.customers.loyalty import LoyaltyConfig
from engine.errors import ConfigError
from engine.types import Rows
from training.appetite import appetites, still_has
from training.persons import left_at_home, persons_of

OPEN: Final = "open"
"""Column of states: may be written to. `with_open` makes it."""


def with_open(states: pl.DataFrame, bundle: Bundle, suppressed: Collection[str]) -> pl.DataFrame:
    """`suppressed` are ids that the shop names: who opted out after the training, and others.

    Any id of a person names all of them.
    """
    rows = persons_of(bundle).rows(suppressed, bundle)
    agreed = (states["contactable"] & states["personal"]).to_numpy().copy()
    agreed[rows[rows >= 0]] = False
    return states.with_columns(pl.Series(OPEN, agreed))


def read_suppressed(path: Path | None) -> frozenset[str]:
    """One id a line; nobody without a file. Raises ConfigError."""
    if path is None:
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: must be a text file in UTF-8, one id a line: {error}"
        ) from error
    return frozenset(line.strip() for line in lines) - {""}


def of_segment(name: str, states: pl.DataFrame) -> Rows:
    inside = states["segments"].list.contains(name).to_numpy()
    return np.flatnonzero(inside & states[OPEN].to_numpy()).astype(np.int32)


def of_campaign(
    campaign: CampaignConfig, loyalty: LoyaltyConfig, states: pl.DataFrame, now: int
) -> Rows:
    """Whose wave has opened (P5). Raises ConfigError while there are too few members (P4)."""
    met = readiness(int(states["member"].sum()), loyalty)
    if not met.ready:
        raise ConfigError(
            f"not_ready: campaigns start at {met.needed:,} members (loyalty.ready_members), "
            f"there are {met.members:,}"
        )
    top = len(loyalty.tiers)
    opened = [rank for rank in range(top + 1) if invited(campaign, rank, top, now)]
    inside = states["tier_rank"].is_in(opened).to_numpy()
    return np.flatnonzero(inside & states[OPEN].to_numpy()).astype(np.int32)


def likeliest(
    wanted: Rows, states: pl.DataFrame, bundle: Bundle, weights: Mapping[str, float], now: int
) -> Rows:
    """Who shows any sign of wanting one of the items, the likeliest first.

    Of one item: not who has some of it left, nor whose household has (R6).
    """
    score = appetites(wanted, bundle, weights)
    if len(wanted) == 1:
        score[still_has(int(wanted[0]), bundle, now)] = 0.0
        score[[row for row, left in left_at_home(bundle, now).items() if wanted[0] in left]] = 0.0
    score[~states[OPEN].to_numpy()] = 0.0
    best = np.argsort(-score, kind="stable")
    return best[score[best] > 0].astype(np.int32)


def not_converted(members: Mapping[str, int], states: pl.DataFrame, bundle: Bundle) -> Rows:
    """Of customers who were sent something at an instant: who has not ordered since."""
    rows = bundle.customers.rows(list(members))
    known = rows >= 0
    sent_at, rows = np.array(list(members.values()), np.int64)[known], rows[known]
    ordered = states["last_order_at"].to_numpy()[rows] > sent_at
    return np.sort(rows[~ordered & states[OPEN].to_numpy()[rows]])
