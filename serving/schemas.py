"""The wire types. Nobody but the routes imports them."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from engine.events import MAX_UNIT_PRICE, Id
from engine.slots import MAX_SIZE

MAX_BATCH = 1_000  # events or items in one request; decision
MOST_STOCK = 2**53  # decision: the largest whole number that every JSON reader reads exactly


A_VIEW: Final[dict[str, JsonValue]] = {
    "event_id": "e-1",
    "type": "view",
    "at": "2026-11-21T12:00:00Z",
    "visitor_id": "v-1",
    "item_id": "coffee-001",
}
"""What `/docs` proposes to send; the items and customers are the simulated shop's."""


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


N = Annotated[
    int, Field(ge=1, le=MAX_SIZE, description="How many items; the slot's size if absent")
]


def _primary(tag: object) -> object:
    """Of a language tag of RFC 5646, as browsers send it."""
    return re.split("[-_]", tag, maxsplit=1)[0].lower() if isinstance(tag, str) else tag


Spoken = Annotated[Literal["en", "zh"], BeforeValidator(_primary)]


class RecommendOptions(Wire):
    """What may be asked of a slot, besides for whom."""

    slot: Annotated[str, Field(min_length=1, max_length=64, examples=["home"])] = "home"
    n: N | None = None
    visitor_id: Id | None = None
    context_items: list[Id] = Field([], max_length=50, description="What the page is about")
    cart: list[Id] = Field([], max_length=200)
    exclude: list[Id] = Field([], max_length=500, description="Never these")
    category: Id | None = None
    channel: Id | None = None
    query: Annotated[str, Field(max_length=512)] | None = Field(None, description="Search words")
    language: Spoken | None = Field(None, description="Of the reasons; zh-CN is zh")


class RecommendRequest(RecommendOptions):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer_id": "zhang-wei", "slot": "home", "n": 3}]}
    )

    customer_id: Id | None = None


class ListOptions(Wire):
    """What may be asked of a list that depends on no customer."""

    n: Annotated[int, Field(ge=1, le=MAX_SIZE, description="How many items")] = 20


class PopularOptions(ListOptions):
    category: Id | None = None


class CustomerBrief(Wire):
    """Who was recognised. Nulls for somebody nobody knows."""

    segment: str | None
    value_class: str
    stage: str
    tier: str | None


class Reason(Wire):
    code: str
    text: str
    item_ids: list[str]


class SlateItem(Wire):
    item_id: str
    position: int = Field(description="1 is first")
    score: float
    source: str
    reason: Reason
    title: str | None
    price: float | None
    tier_price: float | None = Field(description="What this customer pays; null without a tier")


class RecommendResponse(Wire):
    slate_id: str = Field(description="Echo it in the events that the slate leads to")
    slot: str
    bundle_version: str
    currency: str
    customer: CustomerBrief
    degraded: list[str] = Field(
        description='What was missing: "store", "bundle", "tail"; empty when all is well'
    )
    unknown_items: list[str] = Field(
        description="Of `context_items` and `cart`: what the live bundle does not hold; no part of "
        "the answer goes by them"
    )
    search_matches: int | None = Field(
        description="How many of the items the words of `query` found; null without a `query`, and "
        "in a slot that does not search"
    )
    items: list[SlateItem]


class ScoredItem(Wire):
    item_id: str
    position: int
    score: float
    title: str | None
    price: float | None


class ListResponse(Wire):
    bundle_version: str
    currency: str
    items: list[ScoredItem]


class EventBatch(BaseModel):
    """Each event is checked by itself, so that one that is wrong does not stop the others."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"events": [A_VIEW]}]}
    )

    events: list[Any] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/Event"}},
    )


class EventResult(Wire):
    index: int = Field(description="Place in the batch, from 0")
    event_id: str | None
    status: Literal["accepted", "duplicate", "invalid"]
    errors: list[str] | None = None


class EventReceipt(Wire):
    durable: str = Field(
        description='When an accepted event is on the disk: "always" (before this answer), '
        '"everysec", "no", "none" or "unknown"'
    )
    accepted: int
    duplicates: int
    invalid: int
    results: list[EventResult]


Price = Annotated[Decimal, Field(ge=0, le=MAX_UNIT_PRICE, allow_inf_nan=False)]


class ItemUpdate(Wire):
    """Only the fields that are given change, from the next request on."""

    item_id: Id
    available: bool | None = None
    price: Price | None = None
    list_price: Price | None = Field(None, description="The price before a sale")
    stock: int | None = Field(None, ge=0, le=MOST_STOCK)
    category: Id | None = None


class ItemBatch(Wire):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"item_id": "coffee-001", "stock": 40}]}]}
    )

    items: list[ItemUpdate] = Field(min_length=1, max_length=MAX_BATCH)


class ItemReceipt(Wire):
    changed: int = Field(
        description="Items that the live bundle holds and that a field was given of"
    )
    unknown: list[str] = Field(description="Items that the live bundle does not hold yet; kept")
    unknown_categories: list[str] = Field(
        description="Categories that the live bundle does not hold yet: their items stay where "
        "they are until one does"
    )
    change_count: int


class Front(Wire):
    service: str
    bundle_version: str
    docs: str = Field(description="Paths of this server")
    openapi: str
    ready: str


class Live(Wire):
    live: bool


class Ready(Wire):
    ready: bool
    bundle_version: str
    watermark: str
    store: Literal["up", "down"]
    durable: str
    degraded: list[str] = Field(
        description='What is not as it should be: "bundle", "store", "keys"; empty when all is well'
    )
