"""P5, P6: lists that ask for nobody keep back what the programme keeps from who has no tier."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from engine.shop import check_shop
from engine.types import DAY_MS
from serving.app import build_shop, open_shop
from serving.shop import Shop
from tests.servers import publish_tea
from tests.worlds import NOW, SHOP

LABEL = {"en": "spring", "zh": "春"}


def moment(days: float) -> datetime:
    return datetime.fromtimestamp((NOW + days * DAY_MS) / 1000, UTC)


def told(shop: Shop, days: float) -> list[list[str]]:
    """What three lists hold at an instant."""
    later = replace(shop, now=lambda: NOW + round(days * DAY_MS))
    later.bundles.load_first()
    with TestClient(open_shop(later)) as client:
        answers = [client.get(path) for path in ("/similar/green", "/bought-together/green")]
        answers.append(client.get("/popular", params={"n": 3}))
    return [[item["item_id"] for item in answer.json()["items"]] for answer in answers]


def test_a_list_holds_neither_what_has_not_opened_to_all_nor_what_takes_points(
    tea_shop: Shop, tmp_path: Path
) -> None:
    opening = {"starts_at": moment(0), "ends_at": moment(30), "wave_days": 2}
    rules = {
        "loyalty": {"ready_members": 0},
        "campaigns": [{"name": "spring", "label": LABEL, **opening, "items": ["cup"]}],
        "redemption": {"months": list(range(1, 13)), "items": {"black": 1}},
    }
    publish_tea(tmp_path, shop=check_shop({**SHOP, **rules}, "shop.toml"))
    shop = build_shop(tea_shop.settings.model_copy(update={"bundles": tmp_path, "shop": "spring"}))
    assert told(shop, days=5) == [[], [], ["green", "milk", "pot"]]
    assert told(shop, days=6) == [["cup"], ["cup"], ["green", "milk", "cup"]]
