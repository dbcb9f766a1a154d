"""Whom a list is for (A1, A2). Nobody who opted out of personal data or of messages (A6)."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.types import Mask, Rows
from training.appetite import appetites, still_has


def open_to_messages(states: pl.DataFrame) -> Mask:
    agreed: Mask = (states["contactable"] & states["personal"]).to_numpy()
    return agreed


def of_segment(name: str, states: pl.DataFrame) -> Rows:
    inside = states["segments"].list.contains(name).to_numpy()
    return np.flatnonzero(inside & open_to_messages(states)).astype(np.int32)


def likeliest(
    wanted: Rows, states: pl.DataFrame, bundle: Bundle, weights: Mapping[str, float], now: int
) -> Rows:
    """Who shows any sign of wanting one of the items, the likeliest first.

    Of one item: not who has some of it left.
    """
    score = appetites(wanted, bundle, weights)
    if len(wanted) == 1:
        score[still_has(int(wanted[0]), bundle, now)] = 0.0
    score[~open_to_messages(states)] = 0.0
    best = np.argsort(-score, kind="stable")
    return best[score[best] > 0].astype(np.int32)


def not_converted(members: Mapping[str, int], states: pl.DataFrame, bundle: Bundle) -> Rows:
    """Of customers who were sent something at an instant: who has not ordered since."""
    rows = bundle.customers.rows(list(members))
    known = rows >= 0
    sent_at, rows = np.array(list(members.values()), np.int64)[known], rows[known]
    ordered = states["last_order_at"].to_numpy()[rows] > sent_at
    return np.sort(rows[~ordered & open_to_messages(states)[rows]])
