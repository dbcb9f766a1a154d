"""Who brought whom (F1, F2): edges without cycles, and how fast it spreads.

What a newcomer buys rewards whoever brought them and nobody above (`engine.customers.referrals`).
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Final, NamedTuple

LONGEST_CHAIN: Final = 100
"""Decision: referrals that a server follows upwards of one event; training follows all."""


class Edge(NamedTuple):
    """`newcomer` was brought by `referrer`; of a ring the edge that sorts last is refused."""

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
    """The earliest referral of each newcomer counts; the order of the edges does not matter.

    Of a ring the latest edge is refused, and no later one takes its place: the ring opens only when
    an edge of it turns out not to have been the earliest of its newcomer.
    """
    named: set[str] = set()
    referrers: dict[str, Edge] = {}
    refused: list[Refused] = []
    for edge in sorted(set(edges)):
        reason = _fault(edge, named, referrers)
        if reason:
            refused.append(Refused(edge, reason))
        else:
            referrers[edge.newcomer] = edge
        if edge.newcomer != edge.referrer:
            named.add(edge.newcomer)
    return ReferralGraph(referrers, tuple(refused))


def _fault(edge: Edge, named: Set[str], referrers: Mapping[str, Edge]) -> str:
    if edge.newcomer == edge.referrer:
        return "self"
    if edge.newcomer in named:
        return "again"
    above = edge.referrer
    while above in referrers:
        above = referrers[above].referrer
        if above == edge.newcomer:
            return "cycle"
    return ""


def edges_above(names: Iterable[str], edge_of: Callable[[str], Edge | None]) -> dict[str, Edge]:
    """The referrals of `names` and of everybody above them, `LONGEST_CHAIN` steps from each."""
    found: dict[str, Edge] = {}
    for name in names:
        above = name
        for _ in range(LONGEST_CHAIN):
            edge = None if above in found else edge_of(above)
            if edge is None:
                break
            found[above] = edge
            above = edge.referrer
    return found


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
