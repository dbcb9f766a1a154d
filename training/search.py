"""Model settings chosen on a part of the training log that the fits have not seen.

One kind of setting after another, each from a small grid in a fixed order, so the same log gives
the same choice. A held-out part is never quite like the future, so a setting is left only for one
that is better by a standard error of the paired difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from training.assemble import Say, unheard
from training.bank import Bank, marks
from training.exam import Floats
from training.models.cooccurrence import CooccurrenceConfig
from training.search_config import SearchConfig
from training.setting import Setting
from training.split import Split, at_random_or_at_the_end, by_time, cut_off

MARGIN: Final = 1.0  # decision: standard errors by which another setting must be better
Way = tuple[float, float, float]  # (b, l, r) of training.models.cooccurrence

WAYS: Final[tuple[tuple[Way, ...], ...]] = (  # the best of each of three sets, and two together
    ((1.0, 0.75, 0.1),),
    ((0.5, 0.5, 0.3),),
    ((1.0, 0.5, 0.5),),
    ((1.0, 0.75, 0.1), (0.5, 0.5, 0.3)),
    ((0.5, 0.5, 0.3), (1.0, 0.5, 0.5)),
)
SHIFTS: Final = (0.15, -0.15)  # of the target exponents
GAPS: Final = (15.0, 30.0, 60.0)  # days
PLACES: Final = (None, 10.0, 5.0)  # between two items of a line; None: its order says nothing
RIDGE_WEIGHTS: Final = (0.0, 0.2, 0.4, 0.6)  # above, a random hold-out flatters it
TRENDS: Final = tuple((days, power) for days in (7.0, 14.0, 30.0) for power in (0.2, 0.4, 0.6))
NO_TREND: Final = (7.0, 0.0)
ALS_SETTINGS: Final = ((30.0, 128), (5.0, 128), (30.0, 256))  # alpha, factors
ALS_SHARES: Final = (0.3, 0.4, 0.2, 0.5, 0.6, 0.7)  # the nearest to the default first
RARITIES: Final = (0.0, 0.1, 0.2, 0.3)  # target exponents of ALS


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    ndcg: float
    taken: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What the whole log is fitted with, and how it was found."""

    setting: Setting
    trials: tuple[Trial, ...]
    customers: int  # that judged
    left_out: tuple[str, ...]  # trials that the budget did not pay for


Entries = Sequence[tuple[str, Setting]]
Grid = Callable[[Setting], Entries]


def hold_out(
    log: pl.LazyFrame, config: SearchConfig, *, timeless: bool, rng: np.random.Generator
) -> Split:
    """The last of the time; pairs at random and ends of lines where a log has no times."""
    if timeless:
        return at_random_or_at_the_end(log, config.share, rng)
    return by_time(log, cut_off(log, config.days, config.share))


def search(bank: Bank, start: Setting, say: Say = unheard) -> Choice:
    """Starts from the settings given (the configuration, or the last choice) and leaves them only
    for the better.

    Where even one fit of factors is too dear, the lists are judged by themselves.
    """
    steps = STEPS if bank.data.timeless else STEPS_IN_TIME
    setting, trials, left_out = start, list[Trial](), list[str]()
    too_dear = start.als_share > 0 and bank.factors(start.als) is None
    if too_dear:
        setting, steps = start.with_share(0), tuple(step for step in steps if step is not _factors)
        left_out += [name for name, _ in _factors(start)]
    for place, grid in enumerate(steps, 1):
        say(f"search ({place} of {len(steps)})")
        setting, tried, skipped = best_of(
            [("start", setting), *grid(setting)], lambda one: marks(bank, one), MARGIN
        )
        trials += tried if not trials else tried[1:]
        left_out += skipped
    setting = setting.with_share(start.als_share) if too_dear else setting
    return Choice(setting, tuple(trials), len(bank.truth), tuple(left_out))


def best_of(
    entries: Entries, judge: Callable[[Setting], Floats | None], margin: float
) -> tuple[Setting, list[Trial], list[str]]:
    """The first entry stays unless the best beats it by `margin` standard errors; then it is the
    first of those that the best does not beat by one.

    Entries that come again are judged once; those that `judge` has no marks for are left out.
    """
    found: list[tuple[str, Setting, Floats]] = []
    left_out: list[str] = []
    tried: list[Setting] = []
    for name, candidate in entries:
        if candidate in tried:
            continue
        tried.append(candidate)
        theirs = judge(candidate)
        if theirs is None:
            left_out.append(name)
        else:
            found.append((name, candidate, theirs))
    if not found:
        return entries[0][1], [], left_out
    best = max((marks for _, _, marks in found), key=np.mean)
    errors = [margin, *([1.0] * (len(found) - 1))]
    taken = next(
        place
        for place, (one, error) in enumerate(zip(found, errors, strict=True))
        if not _better(best - one[2], error)
    )
    trials = [
        Trial(name, round(float(theirs.mean()), 6), place == taken)
        for place, (name, _, theirs) in enumerate(found)
    ]
    return found[taken][1], trials, left_out


def _better(gain: Floats, margin: float) -> bool:
    error = float(gain.std()) / np.sqrt(max(len(gain), 1))
    return bool(gain.mean() > margin * error)


def _trends(setting: Setting) -> Entries:
    return [
        (f"trend {power:g} of {days:g} days", setting.with_trend(days, power))
        for days, power in (NO_TREND, *TRENDS)
    ]


def _ways(setting: Setting) -> Entries:
    first = setting.similar.cooccurrence[0]
    grid = [tuple(_way(first, *point) for point in points) for points in WAYS]
    return [(f"exponents {_named(ways)}", setting.with_ways(ways)) for ways in grid]


def _targets(setting: Setting) -> Entries:
    found = []
    for shift in SHIFTS:
        ways = tuple(
            _with(way, target_exponent=min(max(round(way.target_exponent + shift, 3), 0), 2))
            for way in setting.similar.cooccurrence
        )
        found.append((f"exponents {_named(ways)}", setting.with_ways(ways)))
    return found


def _gaps(setting: Setting) -> Entries:
    return [
        (
            f"pairs fade by half in {days:g} days",
            setting.with_ways(
                tuple(_with(way, pair_half_life_days=days) for way in setting.similar.cooccurrence)
            ),
        )
        for days in GAPS
    ]


def _places(setting: Setting) -> Entries:
    ways = setting.similar.cooccurrence
    return [
        (
            f"pairs fade by half in {places:g} places" if places else "the order of a line is left",
            setting.with_ways(tuple(_with(way, pair_half_life_places=places) for way in ways)),
        )
        for places in PLACES
    ]


def _ridge(setting: Setting) -> Entries:
    return [(f"ridge {weight:g}", setting.with_ridge(weight)) for weight in RIDGE_WEIGHTS]


def _factors(setting: Setting) -> Entries:
    now = setting.als
    return [
        (
            f"als {alpha:g} × {size}, rarity {power:g}, share {share:g}",
            setting.with_als(alpha, size, share).with_rarity(power),
        )
        for alpha, size in ((now.alpha, now.factors), *ALS_SETTINGS)
        for power in (now.target_exponent, *RARITIES)
        for share in ALS_SHARES
    ]


def _way(first: CooccurrenceConfig, b: float, source: float, target: float) -> CooccurrenceConfig:
    return _with(first, customer_exponent=b, source_exponent=source, target_exponent=target)


def _with(way: CooccurrenceConfig, **change: float | None) -> CooccurrenceConfig:
    return way.model_copy(update=change)


def _named(ways: Sequence[CooccurrenceConfig]) -> str:
    return " and ".join(
        f"{way.customer_exponent:g}/{way.source_exponent:g}/{way.target_exponent:g}" for way in ways
    )


# pairs drawn at random flatter some target exponents, ends of lines others: single shifts of them
# are tried only where there are times
STEPS: Final[tuple[Grid, ...]] = (_ways, _places, _ridge, _factors)
STEPS_IN_TIME: Final[tuple[Grid, ...]] = (
    _trends, _ways, _targets, _gaps, _ridge, _trends, _factors,
)  # fmt: skip
