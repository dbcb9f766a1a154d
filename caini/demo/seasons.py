"""When people shop, and for what: the calendar of the simulated shop."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.shelves import SHELVES
from caini.demo.world import LOCAL_MS, DemoConfig, Floats
from engine.types import DAY_MS, Instants

WEEKEND: Final = 1.3  # guess
FESTIVALS: Final = {(6, 18): 2.6, (11, 11): 3.5, (12, 12): 2.2}  # shopping days; guessed sizes
GROWTH: Final = 0.25  # of daily visits over the year; guess


def calendar(day: int) -> tuple[int, int]:
    """Month and day of the month of a day since 1970."""
    date = np.datetime64(day, "D")
    month = date.astype("datetime64[M]")
    return int(month.astype(int)) % 12 + 1, int((date - month).astype(int)) + 1


def day_of(at: Instants) -> NDArray[np.int64]:
    """Local days since 1970."""
    return (at + LOCAL_MS) // DAY_MS


def busyness(config: DemoConfig) -> NDArray[np.float64]:
    """(days + 1,) the share of the year's visits before each day; the first is 0, the last 1."""
    first = int(day_of(np.array([config.start_ms]))[0])
    days = np.arange(first, first + config.days)
    daily = 1.0 + GROWTH * np.arange(config.days) / max(config.days, 1)
    daily *= np.where((days + 3) % 7 >= 5, WEEKEND, 1.0)  # 1970-01-01 was a Thursday
    daily *= [FESTIVALS.get(calendar(int(day)), 1.0) for day in days]
    return np.concatenate([[0.0], np.cumsum(daily) / daily.sum()])


def season_table() -> Floats:
    """(12, n_shelves) how much more a shelf is wanted in a month than over the year."""
    months = np.arange(1, 13)[:, None]
    peaks = np.array([shelf.peak_month for shelf in SHELVES])
    swing = np.array([shelf.season for shelf in SHELVES])
    wave = np.exp(swing * np.cos(2 * np.pi * (months - peaks) / 12))
    return np.asarray(wave / wave.mean(axis=0), np.float32)


def month_of(at: Instants) -> NDArray[np.int64]:
    """0 for January to 11."""
    months = (at + LOCAL_MS).astype("datetime64[ms]").astype("datetime64[M]")
    return months.astype(np.int64) % 12
