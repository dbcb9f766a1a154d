"""What tests ask of the engine in the tea shop of tests/worlds.py."""

from engine.bundle import Bundle
from engine.query import Asked, Query, enrich
from engine.shop import check_shop
from engine.slots import SlotPlan, check_slots
from engine.types import Slate
from tests.worlds import NOW, SHOP

TITLE = {"en": "x", "zh": "x"}


def plan(**settings: object) -> SlotPlan:
    raw = {"slot": {"title": TITLE, **settings}}
    return check_slots(raw, "slots.toml", check_shop(SHOP, "shop.toml"))["slot"]


def query(tea: Bundle, *tail: object, at: int = NOW, **asked: object) -> Query:
    return enrich(Asked(**{"n": 6, **asked}), tea, at, tail=tail)  # type: ignore[arg-type]


def rows(slate: Slate) -> list[int]:
    return [served.row for served in slate.items]
