"""Where the relationship stands (L1): the stage now, and how it came to be."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from pydantic import Field, model_validator

from engine.config import Config
from engine.types import DAY_MS


class LifecycleConfig(Config):
    """`[lifecycle]`."""

    new_orders: int = Field(default=3, ge=1, le=1000)  # up to so many orders a customer is new
    loyal_orders: int = Field(default=8, ge=2, le=1000)  # guess; from so many on, loyal
    dormant_days: int = Field(default=90, ge=1, le=3650)
    lost_days: int = Field(default=365, ge=2, le=3650)  # decision: a year without a season's order
    at_risk_cycles: float = Field(default=2.0, ge=1, le=20)  # guess; own cycles without an order
    cycle_orders: int = Field(default=4, ge=2, le=100)  # guess; orders that make an own cycle
    shortest_cycle_days: int = Field(default=7, ge=1, le=365)  # guess; split deliveries

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        faults = []
        if self.new_orders >= self.loyal_orders:
            faults.append(f"new_orders ({self.new_orders}) must be below loyal_orders")
        if self.dormant_days >= self.lost_days:
            faults.append(f"dormant_days ({self.dormant_days}) must be below lost_days")
        if faults:
            raise ValueError("; ".join(faults))
        return self


def soonest_days(config: LifecycleConfig) -> Mapping[str, float]:
    """How old a log must be before anybody can stand in a stage; a stage not named needs no time.

    The shortest cycle of one's own makes the soonest customer at risk.
    """
    return {
        "at_risk": config.at_risk_cycles * config.shortest_cycle_days,
        "dormant": config.dormant_days,
        "lost": config.lost_days,
    }


NEXT_STAGES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "potential": frozenset({"new", "advocate"}),
        "new": frozenset({"ordinary", "loyal", "advocate", "dormant"}),
        "ordinary": frozenset({"loyal", "advocate", "at_risk", "dormant"}),
        "loyal": frozenset({"advocate", "at_risk", "dormant"}),
        "advocate": frozenset({"at_risk", "dormant"}),
        "at_risk": frozenset({"new", "ordinary", "loyal", "advocate", "dormant"}),
        "dormant": frozenset({"new", "ordinary", "loyal", "advocate", "lost"}),
        "lost": frozenset({"new", "ordinary", "loyal", "advocate"}),
    }
)
"""What may follow a stage, as one thing happens after another."""

RECENT_INTERVALS: Final = 10  # decision: habits of years ago say little


class Stage(NamedTuple):
    name: str
    since: int  # the instant from which it holds


def cycle_ms(at: Sequence[int], config: LifecycleConfig) -> int | None:
    """The customer's own: the median of their latest intervals between orders."""
    if len(at) < config.cycle_orders:
        return None
    latest = at[-RECENT_INTERVALS - 1 :]
    intervals = sorted([later - earlier for earlier, later in pairwise(latest)])
    middle = len(intervals) // 2
    median = (intervals[middle] + intervals[~middle]) // 2
    return max(median, config.shortest_cycle_days * DAY_MS)


def stage_of(
    at: Sequence[int], cycle: int | None, config: LifecycleConfig, *, advocate: bool, now: int
) -> str:
    """`at` are the instants of the orders, ascending; `cycle` the customer's own."""
    if not at:
        return "potential"
    idle = now - at[-1]
    if idle > config.lost_days * DAY_MS:
        return "lost"
    if idle > config.dormant_days * DAY_MS:
        return "dormant"
    if cycle is not None and idle > config.at_risk_cycles * cycle:
        return "at_risk"
    return _active_stage(len(at), config, advocate=advocate)


def _active_stage(orders: int, config: LifecycleConfig, *, advocate: bool) -> str:
    if advocate:
        return "advocate"
    if orders <= config.new_orders:
        return "new"
    return "loyal" if orders >= config.loyal_orders else "ordinary"


def stages(
    at: Sequence[int], config: LifecycleConfig, *, first_at: int, advocate_at: int, now: int
) -> tuple[Stage, ...]:
    """Every stage since the first contact with the instant it began, oldest first.

    `advocate_at` is when the first customer they brought ordered; 0 = never.
    """
    known_first = bool(first_at) and (not at or first_at < at[0])
    path = [Stage("potential", first_at)] if known_first else []
    for place in _turns(at, config, advocate_at, now):
        if not path or place.name != path[-1].name:
            path.append(place)
    return tuple(path)


def _turns(
    at: Sequence[int], config: LifecycleConfig, advocate_at: int, now: int
) -> Iterator[Stage]:
    for count, instant in enumerate(at, start=1):
        until = at[count] if count < len(at) else now + 1
        advocate = bool(advocate_at) and advocate_at <= instant
        yield Stage(_active_stage(count, config, advocate=advocate), instant)
        overdue = _overdue(at[:count], config)
        if not advocate and instant < advocate_at < min(until, overdue[0].since):
            yield Stage("advocate", advocate_at)
        yield from (stage for stage in overdue if stage.since < until)


def _overdue(at: Sequence[int], config: LifecycleConfig) -> list[Stage]:
    """What follows, in this order, when no further order comes."""
    dormant = at[-1] + config.dormant_days * DAY_MS + 1
    cycle = cycle_ms(at, config)
    risk = at[-1] + int(config.at_risk_cycles * cycle) + 1 if cycle is not None else dormant
    early = [Stage("at_risk", risk)] if risk < dormant else []
    lost = at[-1] + config.lost_days * DAY_MS + 1
    return [*early, Stage("dormant", dormant), Stage("lost", lost)]
