"""Who stands on the demo's stage, and what happens to them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from caini.demo.client import Client
from caini.demo.stories import STORIES
from engine.errors import LogError
from engine.reasons import Language

Event = dict[str, Any]
SHOWN_BY_NAME: Final = (("mei", "my"), ("zhang-wei", "home"), ("lin", "home"), ("fang", "home"))
SHORT_OF_A_STAR: Final = 100  # yuan; tang lacks fewer, and no item of it makes a second star
LINES: Final[Mapping[str, Mapping[Language, str]]] = {
    "stranger": {"en": "a first visit, nothing known", "zh": "首次来访，毫无记录"},
    "view": {"en": "a stranger looks at {title}", "zh": "新访客浏览了{title}"},
    "refill": {
        "en": "mei buys {title}, so it is no longer due",
        "zh": "mei 买了{title}，不再需要补货",
    },
    "tier": {
        "en": "tang buys {title}, reaches the first star and pays member prices",
        "zh": "tang 买了{title}，升为一星会员，享会员价",
    },
    "buys": {"en": "{who} buys {title}", "zh": "{who} 买了{title}"},
    "orders": {"en": "{count} orders, {spent:,.2f} spent", "zh": "{count} 单，共消费 {spent:,.2f}"},
}


@dataclass(frozen=True, slots=True)
class Person:
    id: str | None  # None is a stranger
    line: str
    slot: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens, and the request that is made before and after it."""

    line: str
    slot: str
    asked: Mapping[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    language: Language
    people: tuple[Person, ...]
    scenes: Callable[[Client], Iterator[Scene]]


def simulated_cast(language: Language) -> Cast:
    lines = {story.id: story.line[0 if language == "en" else 1] for story in STORIES}
    people = tuple(Person(who, lines[who], slot) for who, slot in SHOWN_BY_NAME)
    stranger = Person(None, LINES["stranger"][language], "home")

    def scenes(client: Client) -> Iterator[Scene]:
        now = datetime.now(UTC).isoformat()
        yield _stranger_looks(client, language, now, search="espresso")
        yield _mei_refills(client, language, now)
        yield _tang_rises(client, language, now)

    return Cast(language, (*people, stranger), scenes)


def _stranger_looks(client: Client, language: Language, now: str, search: str | None) -> Scene:
    asked = {} if search is None else {"query": search}
    slot = "home" if search is None else "search"
    item = client.recommend(slot, 1, visitor_id="demo-visitor", **asked)["items"][0]
    event = _event("view", item, now, visitor_id="demo-visitor")
    line = LINES["view"][language].format(title=_title(item))
    return Scene(line, "home", {"visitor_id": "demo-visitor"}, (event,))


def _mei_refills(client: Client, language: Language, now: str) -> Scene:
    items = client.recommend("my", 20, customer_id="mei")["items"]
    item = next((item for item in items if item["source"] == "due"), items[0])
    event = _order(item, now, "mei", quantity=3)
    line = LINES["refill"][language].format(title=_title(item))
    return Scene(line, "my", {"customer_id": "mei"}, (event,))


def _tang_rises(client: Client, language: Language, now: str) -> Scene:
    items = client.recommend("home", 50, customer_id="tang")["items"]
    prices = [item["price"] or 0 for item in items]
    enough = [price for price in prices if price >= SHORT_OF_A_STAR]
    item = items[prices.index(min(enough, default=max(prices)))]
    line = LINES["tier"][language].format(title=_title(item))
    return Scene(line, "home", {"customer_id": "tang"}, (_order(item, now, "tang"),))


def real_cast(log: Path, language: Language) -> Cast:
    """Of a real log: its best customer, a regular, one with a single order, and a stranger."""
    table = _customers(log)
    now = table["last"].max()
    if not isinstance(now, datetime):
        raise LogError(f"{log}: no customer bought anything, so there is nobody to show")
    people = tuple(
        Person(row["customer_id"], LINES["orders"][language].format(**row), slot)
        for row, slot in zip(_different(table), ("my", "home", "home"), strict=False)
    )
    stranger = Person(None, LINES["stranger"][language], "home")

    def scenes(client: Client) -> Iterator[Scene]:
        yield _stranger_looks(client, language, now.isoformat(), search=None)
        yield _person_buys(client, language, now.isoformat(), str(people[-1].id))

    return Cast(language, (*people, stranger), scenes)


def _person_buys(client: Client, language: Language, now: str, who: str) -> Scene:
    item = client.recommend("home", 1, customer_id=who)["items"][0]
    line = LINES["buys"][language].format(who=who, title=_title(item))
    return Scene(line, "home", {"customer_id": who}, (_order(item, now, who),))


def _customers(log: Path) -> pl.DataFrame:
    spent = (pl.col("quantity") * pl.col("unit_price_minor")).sum() / 100
    return (
        pl.scan_parquet(log)
        .filter(pl.col("type") == "purchase", pl.col("customer_id").is_not_null())
        .group_by("customer_id")
        .agg(count=pl.col("order_id").n_unique(), spent=spent, last=pl.col("at").max())
        .sort("count", "spent", "customer_id", descending=[True, True, False])
        .collect()
    )


def _different(table: pl.DataFrame) -> list[dict[str, Any]]:
    """The first, one of the upper quarter, and the latest of those who ordered once."""
    once = table.filter(pl.col("count") == 1).sort("last", "customer_id").tail(1)
    return [
        *table.head(1).to_dicts(),
        *table[len(table) // 4 :].head(1).to_dicts(),
        *once.to_dicts(),
    ]


def _event(kind: str, item: Mapping[str, Any], at: str, **who: str) -> Event:
    return {
        "event_id": f"demo-{kind}-{item['item_id']}-{at}",
        "type": kind,
        "at": at,
        "item_id": item["item_id"],
        "channel": "web",
        **who,
    }


def _order(item: Mapping[str, Any], at: str, customer_id: str, quantity: int = 1) -> Event:
    return _event("purchase", item, at, customer_id=customer_id) | {
        "quantity": quantity,
        "unit_price": item["tier_price"] or item["price"],
        "order_id": f"demo-order-{customer_id}-{at}",
    }


def _title(item: Mapping[str, Any]) -> str:
    return str(item["title"] or item["item_id"])
