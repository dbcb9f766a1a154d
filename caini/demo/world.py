"""The values that a simulated shop is made of.

Customers, items and shelves are rows here; ids are given when events leave the simulation. What
the simulation knows and no recommender may see (tastes, sensitivities, supplies) is in `Truth`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from engine.events import EventType
from engine.types import DAY_MS, Instants, Rows, Vectors

Floats = NDArray[np.float32]
Codes = NDArray[np.int8]
Rng = np.random.Generator
Money = NDArray[np.int64]  # minor units of the shop's currency

TYPES: Final = tuple(EventType)
TYPE_CODES: Final = {kind: code for code, kind in enumerate(TYPES)}
CHANNELS: Final = ("web", "app", "wechat", "pos", "email", "sms")
WEB, APP, WECHAT, POS, EMAIL, SMS = range(len(CHANNELS))
CITIES: Final = ("Hangzhou", "Shanghai", "Beijing", "Chengdu", "Guangzhou", "Wuhan", "Nanjing")
LOCAL_MS: Final = 8 * 3_600_000  # the shop keeps China Standard Time, which has no summer time
HOUR_MS: Final = 3_600_000
MONTH_MS: Final = 2_629_800_000  # the mean month of 30.44 days
MINOR: Final = 100
CURRENCY: Final = "CNY"
DEFAULT_END: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConfig:
    """How big the shop is, when its log ends, and the one seed that everything follows from."""

    customers: int = 5_000
    items: int = 2_000
    days: int = 365
    seed: int = 7
    end: datetime = DEFAULT_END  # exclusive
    events_per_customer: float = 60.0  # aimed at; the outcome is within a tenth of it

    def __post_init__(self) -> None:
        """ConfigError names everything that is too small."""
        least = {"customers": 20, "items": 60, "days": 30, "events_per_customer": 1}
        faults = [
            f"{name} is {getattr(self, name)}; at least {limit} are needed"
            for name, limit in least.items()
            if getattr(self, name) < limit
        ]
        if self.end.tzinfo is None:
            faults.append("end has no time zone; give it one, such as UTC")
        if faults:
            raise ConfigError("the simulated shop: " + "; ".join(faults))

    @property
    def end_ms(self) -> int:
        return int(self.end.timestamp()) * 1000

    @property
    def start_ms(self) -> int:
        return self.end_ms - self.days * DAY_MS


@dataclass(frozen=True, slots=True)
class Items:
    """Items by row; the items of one shelf are neighbours, and so are the stages of one family."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    brands: tuple[str, ...]
    shelf: Rows  # (n,) position in SHELVES
    starts: Rows  # (n_shelves + 1,) where each shelf begins and ends
    price: Money  # (n,) before any sale
    cost: Money  # (n,) what the shop pays
    popularity: NDArray[np.float64]  # (n,) share of its shelf; sums to 1 within a shelf
    reach: NDArray[np.float64]  # (n,) shelf + cumulated popularity: one search draws an item
    style: Vectors  # (n, STYLES)
    trend: Floats  # (n,) how fast interest rises (or fades) over the year
    launched_at: Instants  # (n,)
    promoted: NDArray[np.bool_]  # (n,) whether it ever takes part in sales
    sale_phase: Rows  # (n,) day of its own sale within the round of sales
    sale_depth: Floats  # (n,) share taken off
    stage: Codes  # (n,) 1.. where the shelf has stages, else 0
    complements: Rows  # (n, 3) what is bought together with it; -1 = nothing
    stock: Rows  # (n,)
    query: Rows  # (n,) position of its noun in the query table: English, then Chinese

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers by row, with everything that drives what they do."""

    ids: tuple[str, ...]
    arrived_at: Instants
    lapsed_from: Instants  # nothing happens from here …
    lapsed_to: Instants  # … to here; equal when they never lapse
    visits: Floats  # expected visits in a full year
    eagerness: Floats  # added to the log odds that a visit ends with a purchase
    sensitivity: Floats  # to price, 0–1
    style: Vectors  # (n, STYLES)
    affinity: Floats  # (n, n_shelves) rows sum to 1
    channels: Floats  # (n, 4) cumulated chances of web, app, wechat, pos
    hour: Floats  # local hour they prefer
    late_sign_in: NDArray[np.bool_]  # browses the web by visitor id until the cart
    chinese: NDArray[np.bool_]  # searches in Chinese
    born_on: NDArray[np.int32]  # days since 1970
    baby_born_at: Instants  # 0 = no baby
    city: Codes
    referrer: Rows  # -1 = nobody
    member_at: Instants  # 0 = no member
    mail_channel: Codes
    tells: NDArray[np.bool_]  # as a member: birthday, city, the baby's month
    open_rate: Floats
    pace: Floats  # how fast they consume, against the shelf's cycle
    units: Floats  # how many units they like to buy at a time
    regular: NDArray[np.bool_]  # consumes without any noise

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class World:
    """What a step of the simulation looks at: the shop, and (a block of) its people."""

    config: DemoConfig
    items: Items
    people: Customers


@dataclass(frozen=True, slots=True)
class Supplies:
    """Every order that refilled a consumable, by customer and time, and when it runs out."""

    customer: Rows
    shelf: Rows
    item: Rows
    units: Rows
    bought_at: Instants
    empty_at: Instants

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, slots=True)
class Interests:
    """What each run of visits was about, by customer and time."""

    customer: Rows
    at: Instants  # of the run's last visit
    best: Rows  # the item liked best
    bought: NDArray[np.bool_]  # whether the run ended with an order of it


@dataclass(frozen=True, slots=True)
class Year:
    """The events as columns, sorted by time; -1 stands for a missing value.

    `query` and `properties` are positions in the two tables of texts. `visitor` is a device
    number, or BASKET for an unnamed till receipt, whose order gives the visitor its id.
    """

    kind: NDArray[np.uint8]  # position in TYPES
    at: Instants
    customer: Rows
    visitor: Rows
    item: Rows
    quantity: NDArray[np.int16]
    price: Money  # unit price
    order: Rows
    channel: Codes
    position: NDArray[np.int16]
    query: Rows
    properties: Rows

    def __len__(self) -> int:
        return len(self.at)


BASKET: Final = -2


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulation knows about its people: for experiments, never for a recommender."""

    world: World
    supplies: Supplies
    interests: Interests


@dataclass(frozen=True, slots=True)
class Simulated:
    config: DemoConfig
    events: Year
    queries: Sequence[str]
    properties: Sequence[str]  # JSON objects
    truth: Truth

    @property
    def items(self) -> Items:
        return self.truth.world.items

    @property
    def customers(self) -> Customers:
        return self.truth.world.people
