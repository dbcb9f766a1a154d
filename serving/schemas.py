"""The wire types. Nobody but the routes imports them."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from engine.events import MAX_UNIT_PRICE, Id
from engine.slots import MAX_SIZE

MAX_BATCH = 1_000  # events or items in one request; decision
MOST_STOCK = 2**53  # decision: the largest whole number that every JSON reader reads exactly


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


N = Annotated[
    int, Field(ge=1, le=MAX_SIZE, description="How many items; the slot's size if absent")
]


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
    language: Literal["en", "zh"] | None = Field(None, description="Of the reasons")


class RecommendRequest(RecommendOptions):
    customer_id: Id | None = None


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
        description='What was missing: "store", "bundle"; empty when all is well'
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

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    items: list[ItemUpdate] = Field(min_length=1, max_length=MAX_BATCH)


class ItemReceipt(Wire):
    changed: int
    unknown: list[str] = Field(description="Items that the live bundle does not hold yet; kept")
    unknown_categories: list[str] = Field(
        description="Categories that the live bundle does not hold yet: their items stay where "
        "they are until one does"
    )
    change_count: int


class AliasWire(Wire):
    """Another id of a customer; `kind` is one of `[identity] kinds` in shop.toml."""

    kind: Annotated[str, Field(min_length=1, max_length=64, examples=["pos_card", "visitor"])]
    value: Id


class LinkRequest(Wire):
    """Ids that are this customer's; of kind `household`: the home that the customer lives in."""

    customer_id: Id
    aliases: list[AliasWire] = Field(min_length=1, max_length=20, description="All or none")
    at: AwareDatetime | None = Field(None, description="Since when; now if absent")
    reason: Annotated[str, Field(max_length=256)] | None = None


class LinkResponse(Wire):
    customer_id: str = Field(description="The canonical id of whoever was named")
    aliases: list[AliasWire] = Field(description="All other ids of this person")
    households: list[str]
    changed: int = Field(description="0: all was so already")
    durable: str


class ErasureRemains(Wire):
    """What a job has still to do; see docs/operations.md."""

    what: Literal["stream", "log", "bundles"]
    until: str


class ErasureReceipt(Wire):
    """Nothing in it names the customer; whoever keeps it can show what was done."""

    erasure: int = Field(description="Number of this erasure")
    customers: list[str] = Field(description="Salted hashes of the ids that were erased")
    erased_at: str = Field(description="Nothing from up to this instant counts any more")
    removed: dict[str, int] = Field(description="ids, and entries of newest events")
    remaining: list[ErasureRemains]
    durable: str


class IdentityWire(Wire):
    customer_id: str = Field(description="The canonical id")
    aliases: list[AliasWire]
    households: list[str]


class StageWire(Wire):
    stage: str
    since: str


class LedgerLine(Wire):
    at: str
    cause: str = Field(
        description="purchase, referred, spent, refund, reset, reset_undone or voucher"
    )
    points: float
    voucher: float | None
    balance: float = Field(description="After this line")
    tier: str | None


class TouchedItem(Wire):
    item_id: str
    title: str | None
    at: str = Field(description="Of the last sign of interest or purchase")
    bought: int = Field(description="Units, net of what came back")
    returned: int
    last_bought_at: str | None


class DueItem(Wire):
    item_id: str
    title: str | None
    cycle_days: float
    last_bought_at: str | None
    runs_out_at: str | None


class ContactWire(Wire):
    channel: str
    hour: int = Field(ge=0, le=23, description="In the shop's time zone")


class ReferralWire(Wire):
    referrer_id: str | None
    referred_at: str | None
    referred_buyers: int
    invitations: int


class ConsentWire(Wire):
    personal: bool = Field(description="False: no answer depends on what they did")
    contact: bool = Field(description="False: no list of recipients holds them")


class ComplaintWire(Wire):
    at: str
    item_id: str | None


class CustomerResponse(Wire):
    """All that is known of a customer, the newest events included. Lists hold the newest 20."""

    identity: IdentityWire
    classes: dict[str, str] = Field(description="The names of all classes that they are in")
    labels: dict[str, dict[str, str]] = Field(description="Those names in English and Chinese")
    breadth_score: int
    length_score: int
    stages: list[StageWire] = Field(description="Oldest first; the last is the one now")
    ledger: list[LedgerLine] = Field(description="Newest first")
    median_order: float | None
    recent: list[TouchedItem] = Field(description="Newest first")
    due: list[DueItem]
    contact: ContactWire | None = Field(description="Where and when they answer")
    referral: ReferralWire
    consent: ConsentWire
    complaints: list[ComplaintWire]

    customer_id: str
    known: bool
    segment: str | None
    segments: list[str]
    value_class: str
    stage: str
    member: bool
    buyer: bool
    tier: str | None
    points: int
    vouchers: list[str]
    price_band: str
    recency_days: int | None
    frequency: int
    monetary: float
    recency_score: int
    frequency_score: int
    monetary_score: int
    orders: int
    first_order_at: str | None
    last_order_at: str | None
    cycle_days: float | None
    attributes: dict[str, JsonValue]
    bundle_version: str
    degraded: list[str]


class Live(Wire):
    live: bool


class Ready(Wire):
    ready: bool
    bundle_version: str
    watermark: str
    store: Literal["up", "down"]
    durable: str
    degraded: list[str]
