"""The people of the simulated shop: who they are before the year begins."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from caini.demo.items import STYLES
from caini.demo.shelves import SHELVES
from caini.demo.world import (
    APP,
    CITIES,
    EMAIL,
    MONTH_MS,
    SMS,
    WECHAT,
    Customers,
    DemoConfig,
    Floats,
    Rng,
)
from engine.types import DAY_MS, Instants, Rows

# All shares and shapes below are guesses, set so that the shop as a whole looks plausible.
TOPICS: Final = 12  # kinds of household that customers are mixtures of
TOPIC_SHAPE: Final = 0.2  # gamma shape of a topic over shelves: small is peaked
MIX_SHAPE: Final = 0.25  # gamma shape of a customer over topics
OWN_SHARE: Final = 0.15  # of a customer's tastes that no topic explains
BABY_SHARE: Final = 0.16
BABY_LOVE: Final = 14.0  # how much more parents look at the baby shelves than others
RICH_TASTE: Final = 0.5  # how much more who does not mind the price looks at dear shelves
EARLY_SHARE: Final = 0.5  # of customers who come in the log's first month
AGES: Final = (6_954, 27_454)  # days: 19 to 75 years
PARENTS: Final = (7_670, 15_340)  # days at the birth of a baby: 21 to 42 years
LAPSE_SHARE: Final = 0.3  # who stop for a time …
LAPSE_MONTHS: Final = (2, 12)  # … this long
VISIT_SHAPE: Final = 0.8  # gamma shape of visits a year
REFERRED_SHARE: Final = 0.12
LIKENESS: Final = 0.75  # how much of the taste is the referrer's
LEADER_SHARE: Final = 0.1  # of customers who refer others
MEMBER_SHARE: Final = 0.6
LATE_SHARE: Final = 0.25
TELLS_SHARE: Final = 0.7


def make_customers(
    config: DemoConfig, ids: tuple[str, ...], topics: Floats, visits: float, rng: Rng
) -> Customers:
    """One block of customers; referrals stay within the block. `visits` is the mean of a year."""
    n = len(ids)
    arrived = _arrivals(config, n, rng)
    lapsed_from, lapsed_to = _lapses(config, arrived, rng)
    sensitivity = rng.beta(1.6, 1.6, n).astype(np.float32)
    baby = _babies(config, n, rng)
    referrer = _referrers(arrived, rng)
    joins = rng.random(n) < MEMBER_SHARE
    return Customers(
        ids=ids,
        arrived_at=arrived,
        lapsed_from=lapsed_from,
        lapsed_to=lapsed_to,
        visits=(visits * rng.gamma(VISIT_SHAPE, 1 / VISIT_SHAPE, n)).astype(np.float32),
        eagerness=rng.normal(0, 0.5, n).astype(np.float32),
        sensitivity=sensitivity,
        style=_alike(rng.normal(0, 1, (n, STYLES)).astype(np.float32), referrer),
        affinity=_affinities(topics, sensitivity, baby > 0, referrer, rng),
        channels=_channels(n, rng),
        hour=rng.normal(20, 2.5, n).astype(np.float32) - 9 * (rng.random(n) < 0.35),
        late_sign_in=rng.random(n) < LATE_SHARE,
        chinese=rng.random(n) < 0.7,
        born_on=_birthdays(config, baby, rng),
        baby_born_at=baby,
        city=rng.integers(0, len(CITIES), n).astype(np.int8),
        referrer=referrer,
        member_at=np.where(joins, arrived + (rng.exponential(20, n) * DAY_MS).astype(np.int64), 0),
        mail_channel=rng.choice(np.array([EMAIL, SMS, APP, WECHAT], np.int8), n),
        tells=rng.random(n) < TELLS_SHARE,
        open_rate=rng.beta(1.0, 5.0, n).astype(np.float32),
        pace=np.exp(rng.normal(0, 0.12, n)).astype(np.float32),
        units=(1 + rng.gamma(1.2, 1.0, n)).astype(np.float32),
        regular=np.zeros(n, np.bool_),
    )


def make_topics(rng: Rng) -> Floats:
    """(TOPICS, n_shelves) rows sum to 1."""
    weight = np.array([shelf.weight for shelf in SHELVES])
    topics = rng.gamma(TOPIC_SHAPE, 1.0, (TOPICS, len(SHELVES))) * weight
    return np.asarray(topics / topics.sum(axis=1, keepdims=True), np.float32)


def _arrivals(config: DemoConfig, n: int, rng: Rng) -> Instants:
    early = rng.random(n) < EARLY_SHARE
    first = min(30, config.days)
    day = np.where(early, rng.uniform(0, first, n), rng.uniform(0, config.days, n))
    return config.start_ms + (day * DAY_MS).astype(np.int64)


def _lapses(config: DemoConfig, arrived: Instants, rng: Rng) -> tuple[Instants, Instants]:
    n = len(arrived)
    lapses = rng.random(n) < LAPSE_SHARE
    begin = arrived + (rng.random(n) * (config.end_ms - arrived)).astype(np.int64)
    length = (rng.uniform(*LAPSE_MONTHS, n) * MONTH_MS).astype(np.int64)
    return begin, np.where(lapses, begin + length, begin)


def _babies(config: DemoConfig, n: int, rng: Rng) -> Instants:
    """In the middle of a month, from 33 months before the end to 3 after it; 0 = no baby."""
    months = rng.integers(-3, 34, n)
    born = config.end_ms - months * MONTH_MS
    return np.where(rng.random(n) < BABY_SHARE, middle_of_month(born), 0)


def _birthdays(config: DemoConfig, baby: Instants, rng: Rng) -> NDArray[np.int32]:
    """Grown-ups of up to 75, in days since 1970; who has a baby was of the age for it then."""
    share = rng.integers(0, AGES[1] - AGES[0], n := len(baby)) / (AGES[1] - AGES[0])
    today, birth = np.full(n, config.end_ms // DAY_MS), baby // DAY_MS
    parent = birth - PARENTS[0] - share * (PARENTS[1] - PARENTS[0])
    other = today - AGES[0] - share * (AGES[1] - AGES[0])
    return np.rint(np.where(baby > 0, parent, other)).astype(np.int32)


def middle_of_month(at: Instants) -> Instants:
    month = at.astype("datetime64[ms]").astype("datetime64[M]")
    return month.astype("datetime64[ms]").astype(np.int64) + 14 * DAY_MS


def _referrers(arrived: Instants, rng: Rng) -> Rows:
    """Each referred customer's referrer is a leader who came before, or nobody."""
    n = len(arrived)
    leaders = np.flatnonzero(rng.random(n) < LEADER_SHARE)
    leaders = leaders[np.argsort(arrived[leaders], kind="stable")]
    before = np.searchsorted(arrived[leaders], arrived)
    pick = np.minimum((rng.random(n) * before).astype(np.int64), np.maximum(before - 1, 0))
    referred = (rng.random(n) < REFERRED_SHARE) & (before > 0)
    if not len(leaders):
        return np.full(n, -1, np.int32)
    return np.where(referred, leaders[pick], -1).astype(np.int32)


def _alike(style: Floats, referrer: Rows) -> Floats:
    """The referred resemble their referrer; the variance stays 1."""
    own = np.sqrt(np.float32(1 - LIKENESS**2))
    like = LIKENESS * style[referrer] + own * style
    return np.where((referrer >= 0)[:, None], like, style).astype(np.float32)


def _affinities(
    topics: Floats, sensitivity: Floats, parent: NDArray[np.bool_], referrer: Rows, rng: Rng
) -> Floats:
    n = len(sensitivity)
    mix = rng.gamma(MIX_SHAPE, 1.0, (n, TOPICS)).astype(np.float32) + np.float32(1e-6)
    mix /= mix.sum(axis=1, keepdims=True)
    own = rng.gamma(TOPIC_SHAPE, 1.0, (n, len(SHELVES))).astype(np.float32)
    own *= [np.float32(shelf.weight) for shelf in SHELVES]
    own /= own.sum(axis=1, keepdims=True)
    taste = (1 - OWN_SHARE) * (mix @ topics) + OWN_SHARE * own
    taste *= means(sensitivity)
    taste = np.where((referrer >= 0)[:, None], LIKENESS * taste[referrer] + 0.25 * taste, taste)
    baby = np.array([bool(shelf.stages) or shelf.department[0] == "baby" for shelf in SHELVES])
    taste *= np.where(baby, np.where(parent, BABY_LOVE, 0.5)[:, None], 1.0)
    taste *= np.where(staged(), parent[:, None], np.True_)
    return np.asarray(taste / taste.sum(axis=1, keepdims=True), np.float32)


def means(sensitivity: Floats) -> Floats:
    """(n, n_shelves) who minds the price keeps away from dear shelves; the others like service."""
    price = np.array([max(shelf.price, 20.0) for shelf in SHELVES])
    other = np.array([shelf.kind != "goods" for shelf in SHELVES])
    easy = (1 - 2 * sensitivity)[:, None]
    return np.asarray(
        np.exp(RICH_TASTE * easy * np.log(price / 120) + 0.9 * easy * other), np.float32
    )


def staged() -> NDArray[np.bool_]:
    return np.array([bool(shelf.stages) for shelf in SHELVES])


def _channels(n: int, rng: Rng) -> Floats:
    share = rng.gamma(np.array([0.6, 0.9, 0.6, 0.3]), 1.0, (n, 4)) + 1e-6
    return np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1).astype(np.float32)
