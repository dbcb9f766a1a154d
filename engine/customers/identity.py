"""One person, several ids (R1, R6): aliases linked to a customer, customers sharing a home.

A link is an edge from an alias to a customer; a customer may be linked to another in turn, so the
ids of a person are a tree and its root is their canonical id. Taking an edge away gives each side
back what is its own: nothing is ever copied or merged where it lies. An event has two fields for
who did it, so an alias is known by its value: `c:` what stands in `customer_id`, `v:` what stands
in `visitor_id`; `h:` is a household. The kind is what the shop calls it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import Field, field_validator

from engine.config import Config
from engine.errors import CainiError
from engine.events import LINKS, EventType
from engine.happened import Happened

VISITOR: Final = "visitor"
HOUSEHOLD: Final = "household"
KINDS: Final = (
    "customer",
    VISITOR,
    HOUSEHOLD,
    "web_account",
    "app_id",
    "pos_card",
    "open_id",
    "phone_hash",
    "email_hash",
)
_PREFIXES: Final[Mapping[str, str]] = MappingProxyType({VISITOR: "v:", HOUSEHOLD: "h:"})


class IdentityConfig(Config):
    """`[identity]`."""

    kinds: tuple[str, ...] = KINDS
    most: int = Field(default=64, ge=2, le=1000)  # guess; ids of one person and their household

    @field_validator("kinds")
    @classmethod
    def _with_the_two(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        missing = [kind for kind in (VISITOR, HOUSEHOLD) if kind not in kinds]
        if missing:
            raise ValueError(f"{', '.join(missing)} cannot be left out: they are not customer ids")
        return kinds


class IdentityRefused(CainiError):
    """A link that would contradict what is known; `reason` is a word, the message a sentence."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(said)
        self.reason = reason


class Alias(NamedTuple):
    kind: str
    value: str

    @property
    def node(self) -> str:
        return _PREFIXES.get(self.kind, "c:") + self.value


class Link(NamedTuple):
    """`node` is the customer `parent`, or lives in the household `parent`; both are nodes."""

    node: str
    parent: str
    kind: str
    at: int  # epoch ms


def customer_node(customer_id: str) -> str:
    return "c:" + customer_id


def visitor_node(visitor_id: str) -> str:
    return "v:" + visitor_id


def id_of(node: str) -> str:
    return node[2:]


@dataclass(frozen=True, slots=True)
class Identity:
    """Links that hold at one time, by the node that is linked; there is no ring among them."""

    links: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))
    homes: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.links or self.homes)

    def root(self, node: str) -> str:
        """The canonical node of whoever `node` is."""
        while node in self.links:
            node = self.links[node].parent
        return node

    def person(self, node: str) -> tuple[str, ...]:
        """All nodes of whoever `node` is: the canonical one, then the others in order."""
        root = self.root(node)
        others = {each for each in self.links if self.root(each) == root}
        return (root, *sorted(others - {root}))

    def households(self, node: str) -> tuple[str, ...]:
        found = {self.homes[each].parent for each in self.person(node) if each in self.homes}
        return tuple(sorted(found))

    def at_home(self, node: str) -> tuple[tuple[str, ...], ...]:
        """The other people of the household, each with all their nodes."""
        own, homes = self.root(node), set(self.households(node))
        roots = {self.root(link.node) for link in self.homes.values() if link.parent in homes}
        return tuple(self.person(root) for root in sorted(roots - {own}))

    def nodes(self) -> frozenset[str]:
        edges = (*self.links.values(), *self.homes.values())
        return frozenset(node for edge in edges for node in (edge.node, edge.parent))

    def around(self, node: str) -> "Identity":
        """Only what hangs together with `node`, over links and households."""
        return self.parts().get(node, NOBODY_LINKED)

    def parts(self) -> dict[str, "Identity"]:
        """For each node what hangs together with it: one value for all nodes of a part."""
        above: dict[str, str] = {}
        for edge in (*self.links.values(), *self.homes.values()):
            one, other = _top(above, edge.node), _top(above, edge.parent)
            above[one] = other
        found: dict[str, tuple[dict[str, Link], dict[str, Link]]] = {}
        for place, edges in enumerate((self.links, self.homes)):
            for node, edge in edges.items():
                found.setdefault(_top(above, node), ({}, {}))[place][node] = edge
        values = {top: Identity(*edges) for top, edges in found.items()}
        return {node: values[_top(above, node)] for node in [*above]}

    def without(self, nodes: Iterable[str]) -> "Identity":
        return self._only(self.nodes() - frozenset(nodes))

    def __or__(self, other: "Identity") -> "Identity":
        return Identity({**self.links, **other.links}, {**self.homes, **other.homes})

    def _only(self, nodes: Iterable[str]) -> "Identity":
        kept = frozenset(nodes)
        return Identity(*(_within(edges, kept) for edges in (self.links, self.homes)))


def _top(above: dict[str, str], node: str) -> str:
    """Of a set of nodes the one that stands for it; the way up is halved for the next who asks."""
    while (over := above.setdefault(node, node)) != node:
        above[node] = node = above[over]
    return node


def _within(edges: Mapping[str, Link], nodes: frozenset[str]) -> dict[str, Link]:
    return {node: edge for node, edge in edges.items() if {node, edge.parent} <= nodes}


NOBODY_LINKED: Final = Identity()


def linked(
    identity: Identity, alias: Alias, customer_id: str, at: int, config: IdentityConfig
) -> Identity:
    """With one link more; the same value when it is there already. Raises IdentityRefused."""
    if alias.kind == HOUSEHOLD:
        return _moved_in(identity, alias, customer_id, at, config)
    node, parent = alias.node, customer_node(customer_id)
    held = identity.links.get(node)
    if held is not None and held.parent == parent:
        return identity
    if node == parent:
        raise IdentityRefused("self", f"{alias.kind} {alias.value!r} is that customer's own id")
    if held is not None:
        raise IdentityRefused("elsewhere", _elsewhere(alias, held))
    if identity.root(parent) == node:
        said = f"{alias.value!r} is what {customer_id!r} is linked to; they are one person already"
        raise IdentityRefused("cycle", said)
    edge = Link(node, parent, alias.kind, at)
    return _bounded(replace(identity, links={**identity.links, node: edge}), node, config)


def unlinked(identity: Identity, alias: Alias, customer_id: str) -> Identity:
    """With one link less; the same value when it is not there. Raises IdentityRefused."""
    of_home = alias.kind == HOUSEHOLD
    edges = identity.homes if of_home else identity.links
    node, parent = alias.node, customer_node(customer_id)
    if of_home:
        node, parent = parent, node
    held = edges.get(node)
    if held is None:
        return identity
    if held.parent != parent:
        raise IdentityRefused("elsewhere", _elsewhere(alias, held))
    kept = {each: edge for each, edge in edges.items() if each != node}
    return Identity(identity.links, kept) if of_home else Identity(kept, identity.homes)


def _moved_in(
    identity: Identity, alias: Alias, customer_id: str, at: int, config: IdentityConfig
) -> Identity:
    node = customer_node(customer_id)
    held = identity.homes.get(node)
    if held is not None and held.parent == alias.node:
        return identity
    if held is not None:
        said = f"{customer_id!r} is of the household {id_of(held.parent)!r}; unlink it there first"
        raise IdentityRefused("elsewhere", said)
    edge = Link(node, alias.node, HOUSEHOLD, at)
    return _bounded(replace(identity, homes={**identity.homes, node: edge}), node, config)


def _elsewhere(alias: Alias, held: Link) -> str:
    whose = f"is linked to {id_of(held.parent)!r} as {held.kind}"
    return f"{alias.kind} {alias.value!r} {whose}; unlink it there first"


def _bounded(identity: Identity, node: str, config: IdentityConfig) -> Identity:
    count = len(identity.around(node).nodes())
    if count > config.most:
        said = f"{count} ids would be one person and their household; at most {config.most} may be"
        raise IdentityRefused("too-many", said)
    return identity


class Word(NamedTuple):
    """One word of the log on a link: of the same edge the last by (revision, at, event_id) holds.

    `revision` is the server's own count, 0 in logs of others.
    """

    edge: Link
    holds: bool  # False: unlinked
    revision: int
    event_id: str

    @property
    def age(self) -> tuple[int, int, str]:
        return self.revision, self.edge.at, self.event_id


def identity_of(words: Iterable[Word]) -> Identity:
    """The same for any order and repetition of the words.

    Of a ring (which the server never lets into its log) the link that closes it is left out.
    """
    last: dict[tuple[bool, str], Word] = {}
    for word in sorted(words, key=lambda each: each.age):
        last[word.edge.kind == HOUSEHOLD, word.edge.node] = word
    links: dict[str, Link] = {}
    homes: dict[str, Link] = {}
    for word in sorted(last.values(), key=lambda each: each.age):
        if not word.holds:
            continue
        if word.edge.kind == HOUSEHOLD:
            homes[word.edge.node] = word.edge
        elif Identity(links).root(word.edge.parent) != word.edge.node:
            links[word.edge.node] = word.edge
    return Identity(links, homes)


def word_of(event: Happened) -> Word | None:
    """None for an event that says nothing of a link."""
    said = event.properties
    kind, alias, revision = said.get("kind"), said.get("alias"), said.get("revision")
    if event.type not in LINKS or event.customer_id is None:
        return None
    if not (isinstance(kind, str) and isinstance(alias, str)):
        return None
    ends = (Alias(kind, alias).node, customer_node(event.customer_id))
    edge = Link(*(ends[::-1] if kind == HOUSEHOLD else ends), kind, event.at)
    counted = revision if isinstance(revision, int) else 0
    return Word(edge, event.type is EventType.LINK, counted, event.event_id)


def to_text(identity: Identity) -> str:
    """Equal identities give equal texts."""
    edges = [sorted(edges.values()) for edges in (identity.links, identity.homes)]
    return json.dumps(edges, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str | bytes) -> Identity:
    links, homes = json.loads(text)
    return Identity(*({each[0]: Link(*each) for each in edges} for edges in (links, homes)))
