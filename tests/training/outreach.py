"""The tea shop of tests/worlds.py with more people, for lists and triggers."""

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundle import Bundle
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.outreach import OutreachConfig
from engine.customers.snapshot import snapshot_of
from engine.events import EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.item_history import count
from engine.shop import ShopConfig, check_shop, schemes_of
from engine.types import DAY_MS
from tests.worlds import LOG, NOW, SHOP, bundle, customer_items, event
from training.causes import Day
from training.choosing import with_open
from training.segments import states_under
from training.sent import open_ledger
from training.triggers import Rules, try_triggers, write_triggers

LABEL = {"en": "x", "zh": "x"}
FREE = OutreachConfig(messages=99, days=1)
FESTIVALS = [
    {"name": "spring", "label": LABEL, "lunar": "01-01"},
    {"name": "eve", "label": LABEL, "lunar": "12-last"},
    {"name": "singles", "label": LABEL, "solar": "11-11"},
    {"name": "qingming", "label": LABEL, "term": "清明"},
]
EVERYBODY = {
    "name": "everybody",
    "label": {"en": "Everybody", "zh": "所有人"},
    "when": {"field": "known", "op": "=", "value": True},
}
OPEN, CLICK, CONSENT = EventType.MESSAGE_OPEN, EventType.MESSAGE_CLICK, EventType.CONSENT
PEOPLE: Mapping[str, Sequence[Happened]] = {
    **LOG,
    "no-mail": [
        event(60, EventType.PURCHASE, "milk", 1, unit_price_minor=1000),
        event(61, CONSENT, None, 2, properties={"contact": False}),
    ],
    "no-data": [
        event(62, EventType.PURCHASE, "milk", 1, unit_price_minor=1000),
        event(63, CONSENT, None, 2, properties={"personal": False}),
    ],
    "=cmd()": [event(64, EventType.VIEW, "pot", 3)],
    "owl": [  # answers on sms late in the evening, Shanghai time
        *(event(70 + i, CLICK, None, 4 + i + 0.3, channel="sms") for i in range(6)),
        event(80, EventType.PURCHASE, "black", 20, unit_price_minor=4_000_00, order_id="big"),
    ],
}


def town(
    people: Mapping[str, Sequence[Happened]] = PEOPLE, **sections: object
) -> tuple[Bundle, ShopConfig]:
    shop = check_shop({**SHOP, "segments": [*SHOP["segments"], EVERYBODY], **sections}, "shop.toml")  # type: ignore[misc]
    tea = bundle(shop)
    histories = [
        count(events, tea.items.rows([e.item_id or "" for e in events]), shop.interactions, NOW)
        for events in people.values()
    ]
    first = tea.factors.customer
    more = np.zeros((len(people) - len(first), 2), np.float32) + np.float32(0.3)
    return replace(
        tea,
        customers=IdMap.build(list(people)),
        snapshot=snapshot_of([fold_all(EMPTY_HISTORY, events) for events in people.values()]),
        customer_items=customer_items(histories),
        factors=replace(tea.factors, customer=np.concatenate([first, more])),
    ), shop


def day(
    world: tuple[Bundle, ShopConfig], later: float = 0, suppressed: Collection[str] = ()
) -> Day:
    tea, shop = world
    now = NOW + round(later * DAY_MS)
    schemes = schemes_of(shop)
    states = with_open(states_under(tea, schemes, now), tea, suppressed)
    return Day(tea, schemes, states, shop.festivals, now)


def ledger_in(folder: Path) -> Path:
    return folder / "sent" / "ledger.sqlite"


def trigger(on: str, **more: object) -> dict[str, object]:
    return {"name": on, "label": LABEL, "on": on, "action": "tell", **more}


def rules(*triggers: dict[str, object], outreach: OutreachConfig = FREE) -> Rules:
    shop = check_shop({**SHOP, "triggers": list(triggers), "festivals": FESTIVALS}, "shop.toml")
    return Rules(shop.triggers, [None] * len(triggers), outreach)


def told(today: Day, under: Rules, folder: Path | None = None) -> list[dict[str, Any]]:
    """The lines of a dry run; with a folder, of a real one."""
    if folder is None:
        file = io.StringIO()
        with open_ledger(Path("/nowhere/ledger"), only_looking=True) as book:
            try_triggers(today, under, book, file)
        return [json.loads(line) for line in file.getvalue().splitlines()]
    with open_ledger(ledger_in(folder)) as book:
        number = len(list(folder.glob("*.jsonl")))
        write_triggers(today, under, book, folder / f"{number}.jsonl")
    return [
        json.loads(line)
        for line in (folder / f"{number}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
