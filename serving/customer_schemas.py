"""The wire types of /customers. Nobody but the routes and what they call imports them."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from engine.customers.identity import Alias
from engine.customers.section_config import SectionName
from engine.events import Id
from serving.schemas import Wire


class AliasWire(Wire):
    """Another id of a customer; `kind` is one of `[identity] kinds` in shop.toml."""

    kind: Annotated[str, Field(min_length=1, max_length=64, examples=["pos_card", "visitor"])]
    value: Id


class CustomerOptions(Wire):
    sections: list[SectionName] | None = Field(
        None, description="These parts alone, of those that the caller's key may see"
    )


class LinkRequest(Wire):
    """Ids that are this customer's; of kind `household`: the home that the customer lives in."""

    customer_id: Id
    aliases: list[AliasWire] = Field(min_length=1, max_length=20, description="All or none")
    at: AwareDatetime | None = Field(None, description="Since when; now if absent")
    reason: Annotated[str, Field(max_length=256)] | None = None

    def named(self) -> list[Alias]:
        return [Alias(one.kind, one.value) for one in self.aliases]


class LinkResponse(Wire):
    customer_id: str = Field(description="The canonical id of whoever was named")
    aliases: list[AliasWire] = Field(description="All other ids of this person")
    households: list[str]
    changed: int = Field(description="0: all was so already")
    durable: str


class ErasureRemains(Wire):
    """What a job has still to do; see docs/operations.md."""

    what: Literal["stream", "log", "bundles"]
    until: str = Field(description="By the calendar")


class ErasureReceipt(Wire):
    """Nothing in it names the customer; whoever keeps it can show what was done."""

    erasure: int = Field(description="Number of this erasure; later ones have a higher one")
    customers: list[str] = Field(description="Salted hashes of the ids that were erased")
    erased_at: str = Field(
        description="Nothing from up to this instant counts any more, by the server's clock: with "
        "`--clock log` that of the log"
    )
    done_at: str = Field(description="When it was done, by the calendar")
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
    chance: float = Field(description="To be bought again within the shop's horizon_days")
    last_bought_at: str | None
    runs_out_at: str | None


class NamedWire(Wire):
    name: str
    en: str
    zh: str


class StrategiesWire(Wire):
    relation: NamedWire = Field(description="By whether they are a member and a buyer")
    wake_up: NamedWire | None = Field(description="Of who is asleep and may be written to")


class DiagnosisWire(NamedWire):
    own: float = Field(description="Orders, an order's worth or categories, in the value window")
    usual: float = Field(description="The median of who ordered in the window")


class ChurnWire(Wire):
    since: str = Field(description="From when they were dormant")
    cause: NamedWire = Field(description="Presumed, from what happened before")
    returned_at: str | None


class ContactWire(Wire):
    channel: str
    hour: int = Field(ge=0, le=23, description="In the shop's time zone")


class ReferralWire(Wire):
    referrer_id: str | None
    referred_at: str | None
    refused: Literal["ring"] | None = Field(
        description="ring: theirs is the latest of referrals that form a ring, and rewards nobody"
    )
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
    strategies: StrategiesWire
    diagnosis: DiagnosisWire | None = Field(description="Why a small customer is small")
    churn: list[ChurnWire] = Field(description="Newest first")
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


class SectionsResponse(Wire):
    """Of a customer, the kinds of data that were asked for, or that the key may see (R3)."""

    customer_id: str
    sections: dict[str, dict[str, JsonValue]] = Field(
        description="user, relationship, attitude, feedback, usage, credit: the fields of each, "
        "instants in ISO 8601 and money in the currency, and its attributes apart"
    )
    bundle_version: str
    degraded: list[str]
