"""Who brought whom (F1, F2): edges without cycles, and how fast it spreads.

What a newcomer buys rewards whoever brought them and nobody above (`engine.customers.referrals`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Edge(NamedTuple):
    """`newcomer` was brought by `referrer`."""

    at: int
    newcomer: str
    referrer: str


class Refused(NamedTuple):
    edge: Edge
    reason: str  # "self", "again" or "cycle"


@dataclass(frozen=True, slots=True)
class ReferralGraph:
    referrers: Mapping[str, Edge]  # by newcomer
    refused: tuple[Refused, ...]


def referral_graph(edges: Iterable[Edge]) -> ReferralGraph:
    """The earliest referral of each newcomer counts; the order of the edges does not matter."""
    referrers: dict[str, Edge] = {}
    refused: list[Refused] = []
    for edge in sorted(set(edges)):
        reason = _fault(edge, referrers)
        if reason:
            refused.append(Refused(edge, reason))
        else:
            referrers[edge.newcomer] = edge
    return ReferralGraph(referrers, tuple(refused))


def _fault(edge: Edge, referrers: Mapping[str, Edge]) -> str:
    if edge.newcomer == edge.referrer:
        return "self"
    if edge.newcomer in referrers:
        return "again"
    above = edge.referrer
    while above in referrers:
        above = referrers[above].referrer
        if above == edge.newcomer:
            return "cycle"
    return ""


class Spread(NamedTuple):
    """How a cohort of customers brings others."""

    customers: int
    invitations: int
    newcomers: int

    @property
    def k(self) -> float:
        """Invitations a customer × the share of them that becomes a customer."""
        return self.newcomers / self.customers if self.customers else 0.0

    @property
    def tipping(self) -> bool:
        """Each customer brings at least one more (临界点)."""
        return self.k >= 1


def spread_of(cohorts: Mapping[str, Spread]) -> list[tuple[str, float, bool]]:
    """(cohort, K, whether it tips), in the order of the cohorts' names."""
    return [(name, cohorts[name].k, cohorts[name].tipping) for name in sorted(cohorts)]
