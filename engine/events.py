"""The behaviour log's one schema: what an event is, on the wire and in the log.

`docs/events.md` describes the fields; `caini doctor --schema` prints this as JSON Schema.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)
from pydantic_core import PydanticCustomError

from engine.event_properties import problem_of_properties

MAX_ID_BYTES: Final = 256  # decision: long enough for a URL path, short enough to index
MAX_QUANTITY: Final = 10_000_000  # guess: the largest real order line met so far is 80,995 units
MAX_UNIT_PRICE: Final = Decimal(10_000_000_000)  # guess, keeps amounts far inside 64 bits
MAX_AMOUNT: Final = Decimal(10_000_000_000)
"""Of a line, in the currency: 40,000 such lines add up in 64 bits even with four decimals."""
AMOUNT_OUT_OF_RANGE: Final = "amount_out_of_range"
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)  # decision: no shop's log is older
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


class EventType(StrEnum):
    VIEW = "view"
    CLICK = "click"
    FAVOURITE = "favourite"
    CART = "cart"
    UNCART = "uncart"
    PURCHASE = "purchase"
    REFUND = "refund"
    IMPRESSION = "impression"
    DISLIKE = "dislike"
    SEARCH = "search"
    ENQUIRY = "enquiry"
    RATING = "rating"
    COMPLAINT = "complaint"
    # contact and service: never item interactions
    SIGNUP = "signup"
    PROFILE = "profile"
    CONSENT = "consent"
    REFERRAL = "referral"
    INVITATION = "invitation"
    PROMOTION_RESPONSE = "promotion_response"
    MESSAGE_OPEN = "message_open"
    MESSAGE_CLICK = "message_click"
    AFTER_SALE = "after_sale"
    SERVICE_CASE = "service_case"
    STORE_VISIT = "store_visit"
    # who is who: neither interactions nor contact
    LINK = "link"
    UNLINK = "unlink"


ITEM_REQUIRED: Final = frozenset(
    {
        EventType.VIEW,
        EventType.CLICK,
        EventType.FAVOURITE,
        EventType.CART,
        EventType.UNCART,
        EventType.PURCHASE,
        EventType.REFUND,
        EventType.IMPRESSION,
        EventType.DISLIKE,
        EventType.RATING,
    }
)
"""Types that mean nothing without an item. The rest may name one (a complaint, an enquiry)."""

INTERACTIONS: Final = frozenset(
    {
        EventType.VIEW,
        EventType.CLICK,
        EventType.FAVOURITE,
        EventType.CART,
        EventType.UNCART,
        EventType.PURCHASE,
        EventType.REFUND,
        EventType.DISLIKE,
        EventType.ENQUIRY,
        EventType.RATING,
    }
)
"""Types whose weight in shop.toml may make an item interaction."""

MONEY: Final = frozenset({EventType.PURCHASE, EventType.REFUND})
"""Types that make what a customer has spent."""

BROWSING: Final = frozenset(
    {
        EventType.VIEW,
        EventType.CLICK,
        EventType.FAVOURITE,
        EventType.CART,
        EventType.UNCART,
        EventType.IMPRESSION,
        EventType.SEARCH,
        EventType.MESSAGE_OPEN,
        EventType.MESSAGE_CLICK,
        EventType.STORE_VISIT,
    }
)
"""Types that follow a visitor to the customer who they turn out to be: no money, nothing said."""

LINKS: Final = frozenset({EventType.LINK, EventType.UNLINK})
"""Types that say whose an id is; `properties` name the alias by `kind` and `alias`."""

SENDABLE: Final = tuple(kind for kind in EventType if kind not in LINKS)
"""Types of what is told as events; ids are linked by calls of their own."""

CONTACTS: Final = (
    frozenset(EventType) - INTERACTIONS - LINKS - {EventType.IMPRESSION, EventType.SEARCH}
)
"""Contact and service events: part of who the customer is, never of what they like."""


def _short_enough(value: str) -> str:
    size = len(value.encode("utf-8", errors="surrogatepass"))
    if size > MAX_ID_BYTES:
        raise ValueError(f"is {size} bytes long; at most {MAX_ID_BYTES} are allowed")
    if not value.strip():
        raise ValueError("is empty")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("is not valid UTF-8") from error
    return value


Id = Annotated[str, Field(min_length=1), AfterValidator(_short_enough)]
"""Any UTF-8 text of 1 to 256 bytes that is not blank. Case and inner spaces count."""


class Event(BaseModel):
    """One line of the behaviour log.

    `unit_price` is in the shop's currency (2.55), turned into integer minor units on the way in.
    `quantity` is in units, always positive: a refund says how many came back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: Id
    type: EventType
    at: AwareDatetime
    customer_id: Id | None = None
    visitor_id: Id | None = None
    item_id: Id | None = None
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    unit_price: Decimal | None = Field(default=None, ge=0, le=MAX_UNIT_PRICE, allow_inf_nan=False)
    order_id: Id | None = None
    channel: Id | None = None
    slate_id: Id | None = None
    position: int | None = Field(default=None, ge=1, le=10_000)
    query: Annotated[str, Field(max_length=512)] | None = None
    properties: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.customer_id is None and self.visitor_id is None:
            raise _wrong("customer_id", "needs a customer_id or a visitor_id")
        if self.item_id is None and self.type in ITEM_REQUIRED:
            raise _wrong("item_id", f"a {self.type} needs an item_id")
        if self.unit_price is None and self.type is EventType.REFUND:
            said = "a refund needs a unit_price: without, it takes back no money"
            raise _wrong("unit_price", said)
        if self.unit_price is not None and self.quantity * self.unit_price > MAX_AMOUNT:
            said = f"quantity × unit_price is above {MAX_AMOUNT:,}"
            raise _wrong("unit_price", said, AMOUNT_OUT_OF_RANGE)
        if self.customer_id is None and self.type in LINKS:
            raise _wrong("customer_id", f"a {self.type} needs a customer_id")
        problem = problem_of_properties(self.type, self.properties)
        if problem is not None:
            raise _wrong("properties", problem)
        if not EARLIEST <= self.at < LATEST:
            years = f"{EARLIEST.year}–{LATEST.year}"
            raise _wrong("at", f"at {self.at.isoformat()} is outside {years}")
        return self


def _wrong(field: str, said: str, kind: str = "event") -> PydanticCustomError:
    """A fault of the whole event that one of its fields may mend."""
    context = {"field": field, "said": said}
    return PydanticCustomError(kind, "{said}", context)


def json_schema() -> dict[str, Any]:
    return Event.model_json_schema()
