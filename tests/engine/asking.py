"""What tests ask of the engine in the tea shop of tests/worlds.py."""

from engine.bundle import Bundle
from engine.happened import Happened
from engine.query import Asked, Query, enrich
from engine.recommend import recommend
from engine.shop import ShopConfig, check_shop
from engine.slots import SlotPlan, check_slots
from engine.types import Slate
from tests.worlds import NOW, SHOP

TITLE = {"en": "x", "zh": "x"}


def shop(**sections: object) -> ShopConfig:
    return check_shop({**SHOP, **sections}, "shop.toml")


def plan(under: ShopConfig | None = None, **settings: object) -> SlotPlan:
    raw = {"slot": {"title": TITLE, "sources": {"popular": 1}, **settings}}
    return check_slots(raw, "slots.toml", under or shop())["slot"]


def query(tea: Bundle, *tail: Happened, at: int = NOW, **asked: object) -> Query:
    return enrich(Asked(**{"n": 6, **asked}), tea, at, tail=tail)  # type: ignore[arg-type]


def rows(slate: Slate) -> list[int]:
    return [served.row for served in slate.items]


def shown(
    tea: Bundle, slot: SlotPlan, *tail: Happened, n: int = 6, customer_id: str = "nobody"
) -> list[int]:
    return rows(recommend(query(tea, *tail, n=n, customer_id=customer_id), slot, tea))
