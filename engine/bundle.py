"""Everything one training run made, valid only together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.ann import Index
from engine.catalogue import Catalogue, ItemKind
from engine.customers.contact import Answers
from engine.customers.identity import NOBODY_LINKED, Identity, from_text
from engine.customers.life_stages import ItemStages, item_stages
from engine.customers.renewal import Renewal, Repurchase
from engine.customers.repurchase import Cycles
from engine.customers.schemes import Schemes
from engine.customers.snapshot import MEMBER_AT, NO_SNAPSHOT, CustomerSnapshot
from engine.customers.thresholds import Thresholds
from engine.forest import NO_FORESTS, Forest, Forests
from engine.ids import IdMap
from engine.item_fields import ItemRule, Shelf, items_that
from engine.item_history import CustomerItems
from engine.programme import Programme, programme_of
from engine.sessions import Sessions
from engine.shop import ShopConfig, schemes_of
from engine.text import TextColumn
from engine.types import (
    NO_ITEM_HISTORY,
    NO_ROWS,
    Candidates,
    ItemHistory,
    Lists,
    Mask,
    Rows,
    Scores,
    Vectors,
)

BEST_SELLERS = 20  # what an item sells is counted in means of so many
OUTSTANDING = 1.5  # of these means, at most, does the source `popular` give; decision 26

SCHEMA_VERSION = 3  # 2: the trend and past sessions; 3: renewal, rarity, alike


class FileRecord(BaseModel):
    """What a file of the bundle must be before anything of it is parsed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    dtype: str | None = None  # arrays only, numpy's short form ("<f4")
    shape: tuple[int, ...] | None = None


class Manifest(BaseModel):
    """The list of a bundle's files and where they came from; the version is a digest of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    version: str = ""
    created_at: int = 0  # epoch ms; not part of the version
    code_version: str
    seed: int
    first_event_at: int
    watermark: int  # epoch ms of the last event: ages are counted to here
    stream_through: str = "0-0"  # accepted events up to this stream id are in the snapshot
    erased_at: int = 0  # epoch ms of the last erasure that the training knew of
    erasures: dict[str, int] = Field(default_factory=dict)  # those it knew of: Tombstones.known
    timeless: bool = False
    counts: dict[str, int]
    settings: dict[str, JsonValue]  # of the models, as trained
    index: dict[str, JsonValue]  # kind and measured recall of the vector index
    search: dict[str, JsonValue] = Field(default_factory=dict)  # how the settings were chosen
    ranker: dict[str, JsonValue] = Field(default_factory=dict)  # which slots have one, and why
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    warm_from: str = ""  # the version whose factors this one's began with
    files: dict[str, FileRecord] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Factors:
    """ALS: score = customer · item × trend × rarity; `gram` = itemᵀ·item folds a history in without
    the rest."""

    item: Vectors  # (n_items, factors)
    customer: Vectors  # (n_customers, factors)
    gram: Vectors  # (factors, factors)
    fold: Scores  # (2,) alpha and regularization
    trend: Scores  # (n_items,) above 1 for what sells more of late; also within `similar`
    rarity: Scores  # (n_items,) above 1 for what fewer have than the average item

    @property
    def indexed(self) -> Vectors:
        """What the index holds."""
        return self.item * (self.trend * self.rarity)[:, np.newaxis]


@dataclass(frozen=True, slots=True)
class Words:
    """Which items a search word finds: list `words.row(word)` of `items`, rare words higher."""

    words: IdMap
    items: Lists


@dataclass(frozen=True, slots=True)
class Visitors:
    """Visitors whose browsing is counted as that of a customer."""

    ids: IdMap
    customers: Rows  # (n_visitors,)


NO_VISITORS = Visitors(IdMap.build(()), NO_ROWS)


@dataclass(frozen=True, slots=True)
class Linked:
    """Ids of people who have several, and what was done under each of them alone.

    The row of a person's canonical id in the tables of customers holds all of it together; these
    rows take it apart again when a link is taken away, or is not the one of the training.
    """

    nodes: IdMap  # of engine.customers.identity
    around: TextColumn  # what hangs together with each node, as `to_text` writes it
    snapshot: CustomerSnapshot
    items: CustomerItems

    def identity(self, node: str) -> Identity:
        row = self.nodes.row(node) if len(self.nodes) else -1
        return NOBODY_LINKED if row < 0 else from_text(self.around.raw(row))

    def everybody(self) -> Identity:
        """All links together."""
        parts = [from_text(text) for text in {self.around.raw(n) for n in range(len(self.around))}]
        links = {node: link for part in parts for node, link in part.links.items()}
        return Identity(links, {node: home for part in parts for node, home in part.homes.items()})


NO_LINKED = Linked(
    IdMap.build(()),
    TextColumn.build(()),
    NO_SNAPSHOT,
    CustomerItems(
        np.zeros(1, np.int64),
        **{name: getattr(NO_ITEM_HISTORY, name) for name in ItemHistory.__slots__},
    ),
)


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest
    shop: ShopConfig
    thresholds: Thresholds
    items: IdMap
    catalogue: Catalogue
    customers: IdMap
    snapshot: CustomerSnapshot
    customer_items: CustomerItems
    factors: Factors
    item_index: Index
    similar: Lists  # item row → items: what an interest in it says of others
    alike: Lists  # of those, the pairs that are no chance: what may be shown beside an item
    sessions: Sessions  # of the past, bounded in number: what was looked at after what
    bought_together: Lists  # item row → items in the same basket more often than by chance
    popular: Candidates  # every item, recent demand first
    popular_by_category: Lists  # by category code
    popular_by_segment: Lists  # by the segment's place in shop.toml
    new_arrivals: Candidates
    words: Words
    cycles: Cycles
    renewal: Renewal
    visitors: Visitors = NO_VISITORS
    linked: Linked = NO_LINKED
    forests: Forests = NO_FORESTS

    @cached_property
    def sellable(self) -> Mask:
        return self.catalogue.sellable

    @cached_property
    def rankers(self) -> dict[str, Forest]:
        """By the name of the slot that each was learned on; empty where none has helped."""
        return self.forests.by_name()

    @cached_property
    def popular_level(self) -> Candidates:
        """`popular` as a source: one that outsells all others does not lead every slate."""
        rows, scores = self.popular.rows, self.popular.scores
        if len(scores) < BEST_SELLERS:
            return self.popular
        most = OUTSTANDING * scores[:BEST_SELLERS].mean()
        return Candidates(rows, np.minimum(scores, most))

    @cached_property
    def demand(self) -> Scores:
        """(n_items,) what each item sells of late, in means of the best."""
        found = np.zeros(len(self.items), np.float32)
        found[self.popular.rows] = self.popular.scores
        return found / (self.popular.scores[:BEST_SELLERS].mean() if len(found) else 1)

    @cached_property
    def item_stages(self) -> ItemStages:
        """The life stages that each item is for."""
        return item_stages(self.catalogue, self.shop.life_stages)

    @cached_property
    def _held(self) -> dict[ItemRule, Mask]:
        return {}

    def items_of(self, rule: ItemRule) -> Mask:
        """(n_items,) which items a rule of a slot leaves; found once for each catalogue."""
        held = self._held.get(rule)
        if held is None:
            shelf = Shelf(self.catalogue, self.manifest.watermark)
            held = self._held[rule] = items_that(rule.condition, shelf)
        return held

    @cached_property
    def programme(self) -> Programme | None:
        """What the loyalty programme keeps back, with the members of the training."""
        members = int(np.count_nonzero(self.snapshot.moments[:, MEMBER_AT] > 0))
        return programme_of(self.shop, self.items, self.catalogue, members)

    @cached_property
    def repurchase(self) -> Repurchase:
        """All that says when something is bought again."""
        return Repurchase(self.cycles, self.renewal, self.shop.repurchase)

    @cached_property
    def popular_on_sale(self) -> Candidates:
        return self._popular_where(self.catalogue.on_sale)

    @cached_property
    def popular_content(self) -> Candidates:
        return self._popular_where(self.catalogue.kind == ItemKind.CONTENT)

    @cached_property
    def popular_services(self) -> Candidates:
        return self._popular_where(self.catalogue.kind == ItemKind.SERVICE)

    def _popular_where(self, wanted: Mask) -> Candidates:
        inside = wanted[self.popular.rows]
        return Candidates(self.popular.rows[inside], self.popular.scores[inside])

    @cached_property
    def schemes(self) -> Schemes:
        """The shop's customer rules, compiled once."""
        return schemes_of(self.shop)

    @cached_property
    def answers(self) -> Answers:
        """How often everybody together answered messages, by channel and hour."""
        reach = self.snapshot.reach
        places, where = np.unique(reach[0] * 24 + reach[1], return_inverse=True)
        times = np.bincount(where, reach[2], len(places)).astype(np.int64)
        named = ((divmod(place, 24), total) for place, total in zip(places, times, strict=True))
        return {
            (self.snapshot.words[int(word)], int(hour)): int(total) for (word, hour), total in named
        }

    @cached_property
    def _segment_rows(self) -> dict[str, int]:
        return {segment.name: row for row, segment in enumerate(self.shop.segments)}

    def segment_row(self, name: str | None) -> int:
        """Place of a segment in shop.toml; -1 for none."""
        return -1 if name is None else self._segment_rows.get(name, -1)

    def is_customer(self, visitor_id: str, customer_id: str) -> bool:
        """What the visitor browsed is in the bundle as the customer's."""
        place = self.visitors.ids.row(visitor_id)
        return place >= 0 and int(self.visitors.customers[place]) == self.customers.row(customer_id)

    def title_of(self, row: int) -> str:
        """The id of an item that has no title."""
        return self.catalogue.titles[row] or self.items.id(row)

    @property
    def version(self) -> str:
        return self.manifest.version
