"""Three ways to divide customers that merchandisers work with (V4, V5, V6).

Each is by rank: at training the last customer of a part becomes its cut, online a customer is in
the highest part whose cut they reach, so that one event can move them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict

from engine.customers.bought import Bought
from engine.customers.facts import Moments

Rank = tuple[int, ...]
UNREACHED: Final[Rank] = (2**63 - 1,)
LAST: Final = -(2**63)  # whom the bundle does not hold, of all who are else alike

OPINION_SHARES: Final = MappingProxyType({"leader": 1_500, "intending": 3_500, "nurture": 5_000})
DEVELOPMENT_SHARES: Final = MappingProxyType(
    {"established": 3_000, "to_develop": 3_000, "potential": 4_000}
)
"""In parts of SHARE_PARTS, highest first: 15/35/50 and 3+3+4."""


class SplitCuts(BaseModel):
    """The least rank of each part but the last; nobody reaches those of an empty population."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leader: Rank = UNREACHED
    intending: Rank = UNREACHED
    established: Rank = UNREACHED
    to_develop: Rank = UNREACHED


def by_id(row: int) -> int:
    """The end of every rank, so that a part is exact to one customer: rows are in order of ids."""
    return -row if row >= 0 else LAST


def leader_rank(referred_buyers: int, value_minor: int, moments: Moments, row: int) -> Rank:
    """Who brought buyers, then who reviews, then who is worth much; ties to the later contact."""
    met = (moments.last_at, moments.first_at)
    return (referred_buyers, moments.ratings, value_minor, *met, by_id(row))


def intent_rank(moments: Moments, row: int) -> Rank:
    """The latest cart or search, then the latest act."""
    latest = max(moments.cart_at, moments.search_at)
    return (latest, moments.acted_at, moments.last_at, moments.first_at, by_id(row))


def value_rank(value_minor: int, bought: Bought, moments: Moments, row: int) -> Rank:
    last_at, key = (bought.at[-1], bought.key[-1]) if bought.at else (0, 0)
    return (value_minor, last_at, key, moments.last_at, moments.first_at, by_id(row))


def opinion_of(leader: Rank, intent: Rank, cuts: SplitCuts) -> str:
    if leader >= cuts.leader:
        return "leader"
    return "intending" if intent >= cuts.intending else "nurture"


def development_of(rank: Rank, cuts: SplitCuts) -> str:
    if rank >= cuts.established:
        return "established"
    return "to_develop" if rank >= cuts.to_develop else "potential"


def type_of(opinion: str, value_class: str) -> str:
    """The first of the five in the order of `labels.TYPES` that fits (V6)."""
    if opinion == "leader":
        return "opinion_leader"
    by_value = TYPE_OF_CLASS.get(value_class)
    if by_value is not None:
        return by_value
    return "intending" if opinion == "intending" else "potential"


TYPE_OF_CLASS: Final[Mapping[str, str]] = MappingProxyType(
    {"top": "prime", "large": "prime", "medium": "small_medium", "small": "small_medium"}
)
