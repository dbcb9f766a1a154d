import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import LogError
from engine.events import EventType
from engine.happened import Happened
from engine.interactions import InteractionConfig
from engine.item_history import count
from tests.training.conftest import Frame, Read
from training.interactions import Interactions, read_interactions


def pair(data: Interactions, row: int, item: str) -> int:
    place = np.flatnonzero(
        (np.repeat(np.arange(data.n_rows), np.diff(data.offsets)) == row)
        & (data.items == data.item_ids.index(item))
    )
    return int(place[0])


def test_customers_and_items_are_rows_in_the_order_of_their_ids(read: Read) -> None:
    data = read([{"day": 0, "customer": c, "item": i} for c, i in ("bz", "ay", "bx")])
    assert data.customer_ids == ("a", "b")
    assert data.item_ids == ("x", "y", "z")
    assert data.offsets.tolist() == [0, 1, 3]
    assert data.items.tolist() == [1, 0, 2]


def test_a_weight_halves_with_each_half_life(frame: Frame) -> None:
    config = InteractionConfig(half_life_days=10)
    lines = [{"day": 0, "item": "old"}, {"day": 10, "item": "new"}]
    data = read_interactions(frame(lines), config)
    assert data.sums[pair(data, 0, "old")] == pytest.approx(0.5)
    assert data.sums[pair(data, 0, "new")] == pytest.approx(1.0)


def test_repeats_add_up_but_ever_less(read: Read) -> None:
    data = read([{"day": 0, "item": "often"}] * 20 + [{"day": 0, "item": "once"}])
    often, once = pair(data, 0, "often"), pair(data, 0, "once")
    assert data.sums[often] == pytest.approx(20)
    assert data.weights[once] < data.weights[often] < 10 * data.weights[once]


def test_a_refund_takes_back_the_purchase(read: Read) -> None:
    data = read(
        [
            {"day": 1, "item": "x", "quantity": 3},
            {"day": 1, "item": "x", "quantity": 3, "type": "refund"},
        ]
    )
    assert data.weights.tolist() == [0]
    assert data.bought.tolist() == [0]


def test_units_that_came_back_are_of_the_order_that_they_name_or_else_of_the_newest(
    read: Read,
) -> None:
    """Each bought three of "p" on day 1 and on day 20, and sent two back on day 21."""

    def line(who: str, day: int, kind: str, quantity: int, order: str | None) -> dict[str, object]:
        more = {"type": kind, "quantity": quantity, "order": order}
        return {"customer": who, "item": "p", "day": day, **more}

    named = {"new": "x", "old": "y", "none": None, "unheard of": "z"}
    lines = [
        line(who, *each)
        for who, order in named.items()
        for each in (
            (1, "purchase", 3, "y"),
            (20, "purchase", 3, "x"),
            (21, "refund", 2, order),
        )
    ]
    data = read(sorted(lines, key=lambda each: str(each["day"]).zfill(2)))
    left = dict(zip(data.customer_ids, data.last_units.tolist(), strict=True))
    assert left == {"new": 1, "none": 1, "old": 3, "unheard of": 3}
    assert data.bought.tolist() == [4, 4, 4, 4]


def test_a_dislike_weighs_below_nothing(read: Read) -> None:
    data = read([{"day": 0, "item": "x", "type": t} for t in ("view", "dislike")])
    assert data.weights[0] < 0


def test_other_events_are_no_interactions_but_name_customers(read: Read) -> None:
    data = read(
        [
            {"day": 0, "item": "x"},
            {"day": 0, "item": "x", "type": "impression", "customer": "seer"},
            {"day": 0, "item": None, "type": "signup", "customer": "member"},
        ]
    )
    assert data.customer_ids == ("c", "member", "seer")
    assert np.diff(data.offsets).tolist() == [1, 0, 0]


def test_anonymous_rows_come_after_the_customers(read: Read) -> None:
    lines = [
        {"day": 0, "item": "x", "customer": None, "visitor": "basket:2"},
        {"day": 0, "item": "y", "customer": None, "visitor": "basket:1"},
        {"day": 0, "item": "z"},
    ]
    data = read(lines)
    assert (data.n_customers, data.n_rows) == (1, 3)
    assert data.items.tolist() == [2, 1, 0]


def test_a_signed_in_visit_counts_for_the_customer(read: Read) -> None:
    data = read([{"day": 0, "item": "x", "visitor": "v"}])
    assert data.n_rows == data.n_customers == 1


def test_items_of_the_catalogue_have_rows_before_anyone_met_them(frame: Frame) -> None:
    data = read_interactions(
        frame([{"day": 0, "item": "x"}]), InteractionConfig(), extra_items=["a", "x", "y"]
    )
    assert data.item_ids == ("a", "x", "y")
    assert data.items.tolist() == [1]


def test_nothing_from_the_cut_off_on_is_read(frame: Frame, read: Read) -> None:
    lines = [{"day": d, "item": f"i{d}", "customer": f"c{d}"} for d in range(5)]
    cut_off = read(lines[:3]).watermark
    data = read_interactions(frame(lines), InteractionConfig(), until=cut_off)
    assert data.item_ids == ("i0", "i1")
    assert data.customer_ids == ("c0", "c1")
    assert data.watermark < cut_off
    assert data.events.at.max() < cut_off


def test_frequency_counts_orders_not_lines(read: Read) -> None:
    lines = [{"day": 0, "item": "x", "order": o} for o in ("o1", "o1", "o2")]
    assert read(lines).frequency.tolist() == [2]


def test_baskets_are_orders_or_else_instants(read: Read) -> None:
    lines = [
        {"day": 0, "item": "x", "order": "o1"},
        {"day": 1, "item": "y", "order": "o1"},
        {"day": 2, "item": "x"},
        {"day": 2, "item": "y"},
        {"day": 3, "item": "x"},
        {"day": 4, "item": "x", "type": "view"},
    ]
    assert read(lines).events.baskets.tolist() == [0, 0, 1, 1, 2, -1]


def test_nobody_shares_a_basket_with_anybody_else(read: Read) -> None:
    """Not by an order id that two use, and not by an instant and an id that two kinds use."""
    people = [
        {"day": 0, "item": i, "order": o, "customer": c, "visitor": v}
        for c, v in (("a", None), ("b", None), (None, "a"))
        for o in ("o1", None)
        for i in "xy"
    ]
    data = read(people)
    baskets = data.events.baskets.reshape(-1, 2)
    assert (baskets[:, 0] == baskets[:, 1]).all()
    assert len(set(baskets[:, 0].tolist())) == 6


def test_a_log_of_one_instant_is_timeless(read: Read) -> None:
    assert read([{"day": 0, "item": i} for i in "xyz"]).timeless
    assert not read([{"day": d, "item": "x"} for d in range(2)]).timeless


def test_an_empty_log_is_refused(frame: Frame) -> None:
    empty = frame([{"day": 0, "item": "x"}]).filter(pl.col("item_id") == "none")
    with pytest.raises(LogError, match="no events"):
        read_interactions(empty, InteractionConfig())


def test_a_log_without_interactions_has_customers_and_no_pairs(read: Read) -> None:
    data = read([{"day": 0, "item": None, "type": "signup"}])
    assert (data.n_customers, data.n_rows, data.n_items, len(data.items)) == (1, 1, 0, 0)


lines_of_one = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.integers(0, 40),
            "item": st.sampled_from("pqrs"),
            "type": st.sampled_from([str(kind) for kind in EventType] + ["purchase", "refund"] * 8),
            "quantity": st.integers(1, 9),
            "order": st.sampled_from(["o1", "o2", None]),
        }
    ),
    min_size=1,
    max_size=25,
)


@given(lines=lines_of_one)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_log_is_counted_as_the_server_counts_it(
    frame: Frame, lines: list[dict[str, object]]
) -> None:
    log, config = frame(lines), InteractionConfig()
    data = read_interactions(log, config)
    table = log.collect()
    events = [
        Happened(
            event_id=str(line["event_id"]),
            type=EventType(line["type"]),
            at=round(line["at"].timestamp() * 1000),
            item_id=line["item_id"],
            quantity=line["quantity"],
            order_id=line["order_id"],
        )
        for line in table.iter_rows(named=True)
    ]
    rows = np.array([data.item_ids.index(line) for line in table["item_id"]], np.int32)
    online = count(events, rows, config, data.watermark)
    assert online.rows.tolist() == data.items.tolist()
    np.testing.assert_allclose(online.weights, data.sums, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(online.frequency, data.frequency, rtol=1e-5)
    for name in ("orders", "bought", "last_at", "first_bought_at", "last_bought_at", "last_units"):
        assert getattr(online, name).tolist() == getattr(data, name).tolist(), name
