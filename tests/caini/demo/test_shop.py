from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
import pytest

from caini.demo import shop as shop_module
from caini.demo.events import wire_events
from caini.demo.shop import simulate
from caini.demo.world import DemoConfig, Simulated, Year
from engine.errors import ConfigError
from engine.events import Event

TINY = DemoConfig(customers=60, items=80, days=120, seed=3)


def same(one: Year, other: Year) -> bool:
    return all(
        np.array_equal(getattr(one, column.name), getattr(other, column.name))
        for column in fields(Year)
    )


def test_the_same_seed_gives_the_same_events() -> None:
    one, other = simulate(TINY), simulate(TINY)
    assert same(one.events, other.events)
    assert one.properties == other.properties
    assert one.items.titles == other.items.titles


def test_another_seed_gives_another_year() -> None:
    other = DemoConfig(customers=60, items=80, days=120, seed=4)
    assert not same(simulate(TINY).events, simulate(other).events)


def test_every_event_passes_the_schema() -> None:
    tiny = simulate(TINY)
    events = list(wire_events(tiny, 0, len(tiny.events)))
    assert len(events) == len(tiny.events)
    assert all(isinstance(event, Event) for event in events)


def test_event_ids_are_unique_and_sort_like_time() -> None:
    tiny = simulate(TINY)
    ids = [event.event_id for event in wire_events(tiny, 0, len(tiny.events))]
    assert ids == sorted(set(ids))


def test_customer_ids_item_ids_and_titles_are_unique(shop: Simulated) -> None:
    for names in (shop.customers.ids, shop.items.ids, shop.items.titles):
        assert len(set(names)) == len(names)


def test_events_are_sorted_and_within_the_log(shop: Simulated) -> None:
    assert (np.diff(shop.events.at) >= 0).all()
    assert shop.events.at[0] >= shop.config.start_ms
    assert shop.events.at[-1] < shop.config.end_ms


def test_the_log_ends_where_it_is_told_to() -> None:
    end = datetime(2024, 6, 30, 12, tzinfo=UTC)
    tiny = simulate(DemoConfig(customers=60, items=80, days=120, end=end))
    last = tiny.events.at[-1] / 1000
    assert end.timestamp() - 2 * 86_400 < last < end.timestamp()


@pytest.mark.parametrize("wished", [10.0, 30.0, 60.0])
def test_the_log_has_about_the_events_that_are_asked_for(wished: float) -> None:
    size = simulate(DemoConfig(customers=2_000, items=300, events_per_customer=wished))
    assert len(size.events) / 2_000 == pytest.approx(wished, rel=0.15)


def test_customers_of_several_blocks_live_in_one_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_module, "BLOCK", 25)
    tiny = simulate(TINY)
    assert len(tiny.customers) == 60
    assert len(set(tiny.events.customer.tolist()) - {-1}) > 50
    assert tiny.events.properties.max() < len(tiny.properties)
    referred = tiny.customers.referrer >= 0
    assert (tiny.customers.referrer[referred] // 25 == np.flatnonzero(referred) // 25).all()
    events = list(wire_events(tiny, 0, len(tiny.events)))
    buyers: dict[str, set[str | None]] = {}
    for event in events:
        if event.type == "purchase":
            buyers.setdefault(str(event.order_id), set()).add(event.customer_id)
    assert all(len(people) == 1 for people in buyers.values())


def test_a_shop_that_is_too_small_is_refused_with_every_reason() -> None:
    with pytest.raises(ConfigError, match=r"customers is 3; .*items is 5; .*no time zone"):
        DemoConfig(customers=3, items=5, end=datetime(2025, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("seed", range(6))
def test_the_smallest_shop_has_a_year_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_module, "BLOCK", 20)
    least = DemoConfig(customers=32, items=60, days=30, seed=seed, events_per_customer=1)
    smallest = simulate(least)
    assert len(list(wire_events(smallest, 0, len(smallest.events)))) > 20
