"""What customers are expected to buy and spend (V7): BG/NBD and Gamma-Gamma, by maximum likelihood.

BG/NBD: Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science 24 (2005).
Gamma-Gamma: Fader and Hardie, "The Gamma-Gamma model of monetary value" (2013).
Time is in weeks; purchases of one day are one. Money is in the shop's currency.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from engine.customers.snapshot import CustomerSnapshot
from engine.errors import LogError
from engine.types import DAY_MS
from training.customer_orders import kept_orders

Floats = NDArray[np.float64]

DAYS_A_WEEK: Final = 7
FEWEST: Final = 50  # guess: fewer customers who came back say nothing about the rest


class LifetimeValueConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tolerance: float = Field(default=1e-9, gt=0)  # finer steps change no published digit


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One entry a customer who ever bought."""

    customers: NDArray[np.int64]  # rows
    repeats: Floats  # x: days with a purchase after the first one
    last: Floats  # t_x: weeks from the first purchase to the last
    age: Floats  # T: weeks from the first purchase to the end of what was observed
    spend: Floats  # m_x: mean of the repeat purchases; 0 without any


@dataclass(frozen=True, slots=True)
class Timing:
    """BG/NBD's parameters, in the paper's letters."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class LifetimeValue(Timing):
    """Both models' parameters, in the papers' letters."""

    p: float
    q: float
    gamma: float
    log_likelihood: float  # of the purchases


def recurrence(people: CustomerSnapshot, until: int, minor_units: int) -> Recurrence:
    """From each customer's orders up to the instant `until`."""
    kept = kept_orders(people)
    owners = np.repeat(np.arange(len(people)), kept.counts)
    seen = kept.at <= until
    money = kept.amount_minor[seen] / 10**minor_units
    return recurrence_of(owners[seen], kept.at[seen] // DAY_MS, money, until // DAY_MS)


def recurrence_of(
    owners: NDArray[np.int64], days: NDArray[np.int64], money: Floats, until: int
) -> Recurrence:
    """One purchase an entry, sorted by owner and day; `until` is the last day of observation."""
    new_day = np.ones(len(owners), np.bool_)
    new_day[1:] = (owners[1:] != owners[:-1]) | (days[1:] != days[:-1])
    starts = np.flatnonzero(new_day)
    who, day = owners[starts], days[starts]
    spent = np.add.reduceat(money, starts) if len(starts) else money
    first = np.ones(len(who), np.bool_)
    first[1:] = who[1:] != who[:-1]
    begins = np.flatnonzero(first)
    visits = np.diff(np.append(begins, len(who)))
    repeats = visits - 1
    later = np.add.reduceat(np.where(first, 0.0, spent), begins) if len(begins) else spent
    return Recurrence(
        customers=who[begins],
        repeats=repeats.astype(np.float64),
        last=(day[begins + repeats] - day[begins]) / DAYS_A_WEEK,
        age=(until - day[begins]) / DAYS_A_WEEK,
        spend=later / np.maximum(repeats, 1),
    )


def fit(data: Recurrence, config: LifetimeValueConfig) -> LifetimeValue:
    """Raises LogError where too few customers came back."""
    returned = (data.repeats > 0) & (data.spend > 0)
    _require_enough(int(returned.sum()))
    timing = fit_purchases(data, config)
    parameters = np.array([timing.r, timing.alpha, timing.a, timing.b])
    likelihood = _purchase_likelihood(parameters, data.repeats, data.last, data.age).sum()
    x, money = data.repeats[returned], data.spend[returned]
    typical = float(np.median(money))

    def spending(parameters: Floats) -> float:
        return -float(_spend_likelihood(parameters, x, money / typical).sum())

    p, q, gamma = _most_likely(spending, 3, config).tolist()
    return LifetimeValue(
        timing.r, timing.alpha, timing.a, timing.b, p, q, gamma * typical, float(likelihood)
    )


def fit_purchases(data: Recurrence, config: LifetimeValueConfig) -> Timing:
    """BG/NBD alone; `data.spend` is not looked at. Raises LogError where too few came back."""
    _require_enough(int((data.repeats > 0).sum()))
    scale = 1 / max(float(np.median(data.age)), 1.0)  # so that all parameters are near 1
    x, last, age, counts = _distinct(data.repeats, data.last * scale, data.age * scale)

    def purchases(parameters: Floats) -> float:
        return -float(counts @ _purchase_likelihood(parameters, x, last, age))

    r, alpha, a, b = _most_likely(purchases, 4, config).tolist()
    return Timing(r, alpha / scale, a, b)


def _require_enough(returned: int) -> None:
    if returned < FEWEST:
        raise LogError(
            f"expected value needs {FEWEST} customers who came back; there are {returned}"
        )


def _distinct(x: Floats, last: Floats, age: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Customers who look the same are counted, not computed again."""
    rows, counts = np.unique(np.column_stack([x, last, age]), axis=0, return_counts=True)
    return rows[:, 0], rows[:, 1], rows[:, 2], counts.astype(np.float64)


def _most_likely(
    loss: Callable[[Floats], float], parameters: int, config: LifetimeValueConfig
) -> Floats:
    """The positive parameters of the least loss, searched for by their logarithms."""

    def of_logarithms(logs: Floats) -> float:
        return loss(np.exp(logs))

    start = np.zeros(parameters)
    bounds = [(-12.0, 12.0)] * parameters
    found = minimize(of_logarithms, start, method="L-BFGS-B", bounds=bounds, tol=config.tolerance)
    return np.exp(np.asarray(found.x, np.float64))


def _purchase_likelihood(parameters: Floats, x: Floats, last: Floats, age: Floats) -> Floats:
    """ln L of each customer: equation 6 of the paper, in logarithms throughout."""
    r, alpha, a, b = parameters
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + last)
    either = np.where(x > 0, np.logaddexp(alive, gone), alive)
    return np.asarray(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + either)


def _spend_likelihood(parameters: Floats, x: Floats, money: Floats) -> Floats:
    p, q, gamma = parameters
    shape = p * x
    return np.asarray(
        gammaln(shape + q)
        - gammaln(shape)
        - gammaln(q)
        + q * np.log(gamma)
        + (shape - 1) * np.log(money)
        + shape * np.log(x)
        - (shape + q) * np.log(gamma + x * money)
    )


def active_chance(model: Timing, data: Recurrence) -> Floats:
    """How likely each customer is to be still a customer."""
    return 1 / (1 + _odds_gone(model, data))


def _odds_gone(model: Timing, data: Recurrence) -> Floats:
    x = data.repeats
    ratio = np.log((model.alpha + data.age) / (model.alpha + data.last))
    odds = model.a / (model.b + np.maximum(x, 1) - 1) * np.exp((model.r + x) * ratio)
    return np.where(x > 0, odds, 0.0)


def expected_purchases(model: Timing, data: Recurrence, weeks: float) -> Floats:
    """Days with a purchase that each customer is expected to make in the next `weeks`.

    Where customers are so much alike that the paper's series has no value in floating point (r is
    huge), each keeps their rate and is lost no more.
    """
    r, alpha, a, b, x = model.r, model.alpha, model.a, model.b, data.repeats
    horizon = alpha + data.age + weeks
    tail = hyp2f1(r + x, b + x, a + b + x - 1, weeks / horizon)
    kept = 1 - ((alpha + data.age) / horizon) ** (r + x) * tail
    alive = active_chance(model, data)
    found = (a + b + x - 1) / (a - 1) * kept * alive
    steady = (r + x) / (alpha + data.age) * weeks * alive
    return np.asarray(np.where(np.isfinite(found), found, steady))


def expected_spend(model: LifetimeValue, data: Recurrence) -> Floats:
    """Mean money of a purchase to come; the population's for who never came back.

    Where money is so uneven that the population has no mean (q ≤ 1), that of the repeat purchases
    stands for it.
    """
    total, below = data.repeats * data.spend, model.p * data.repeats + model.q - 1
    usual = total.sum() / max(data.repeats.sum(), 1.0)
    found = model.p * (model.gamma + total) / np.where(below > 0, below, 1.0)
    return np.where((model.q > 1) | (data.repeats > 0) & (below > 0), found, usual)
