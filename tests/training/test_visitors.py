"""What a visitor browsed is the customer's whom they turn out to be; what they paid is not."""

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.events import BROWSING, EventType
from engine.ids import IdMap
from engine.interactions import InteractionConfig
from tests.training.conftest import Frame, Read
from training.customers import snapshot
from training.interactions import Interactions, read_interactions
from training.visitors import joined, visitors_of


def line(day: float, item: str, who: tuple[str | None, str | None], kind: str = "view") -> dict:
    return {"day": day, "item": item, "customer": who[0], "visitor": who[1], "type": kind}


ANON, BOTH, ANN, BOB = (None, "v"), ("ann", "v"), ("ann", None), ("bob", "v")


def items_of(data: Interactions, customer: str) -> list[str]:
    row = data.customer_ids.index(customer)
    found = data.items[data.offsets[row] : data.offsets[row + 1]]
    return [data.item_ids[item] for item in found]


def test_what_was_browsed_before_and_after_a_sign_in_joins(read: Read) -> None:
    data = read([line(0, "early", ANON), line(1, "signed", BOTH), line(2, "late", ANON)])
    assert items_of(data, "ann") == ["early", "late", "signed"]
    assert data.n_rows == data.n_customers == 1
    assert data.events.rows.tolist() == [0, 0, 0]


def test_money_and_what_was_said_stay_with_the_visitor(read: Read) -> None:
    kinds = ("purchase", "refund", "dislike", "enquiry", "rating")
    said = [line(0, kind, ANON, kind) for kind in kinds]
    data = read([*said, line(1, "signed", BOTH)])
    assert items_of(data, "ann") == ["signed"]
    assert data.n_rows == 2


def test_an_id_of_several_customers_is_nobodys(read: Read) -> None:
    data = read([line(0, "early", ANON), line(1, "mine", BOTH), line(2, "yours", BOB)])
    assert items_of(data, "ann") == ["mine"]
    assert items_of(data, "bob") == ["yours"]
    assert data.n_rows == 3


def test_a_visitor_who_never_signed_in_stays_a_visitor(read: Read) -> None:
    data = read([line(0, "x", ANON), line(0, "y", (None, "w")), line(1, "z", ANN)])
    assert (data.n_customers, data.n_rows) == (1, 3)


def test_a_sign_in_after_the_cut_off_is_not_known_before_it(frame: Frame, read: Read) -> None:
    lines = [line(0, "early", ANON), line(1, "own", ANN), line(2, "signed", BOTH)]
    until = read(lines).watermark
    data = read_interactions(frame(lines), InteractionConfig(), until=until)
    assert items_of(data, "ann") == ["own"]
    assert items_of(read(lines), "ann") == ["early", "own", "signed"]


def test_whom_the_bundle_knows_are_those_of_whom_something_joined(frame: Frame) -> None:
    log = frame(
        [
            line(0, "x", ANON),
            line(1, "x", BOTH),
            line(1, "x", ("bob", "always signed in")),
            line(0, "x", (None, "paid"), "purchase"),
            line(1, "x", ("bob", "paid")),
        ]
    )
    found = visitors_of(log, IdMap.build(["aaron", "ann", "bob"]))
    assert found.ids.ids(range(len(found.ids))) == ["v"]
    assert found.customers.tolist() == [1]


some_lines = st.lists(
    st.builds(
        line,
        st.integers(0, 30),
        st.sampled_from("pqr"),
        st.sampled_from([ANON, BOTH, ANN, BOB, (None, "w"), ("bob", "w")]),
        st.sampled_from([str(kind) for kind in EventType]),
    ),
    min_size=1,
    max_size=25,
)


@given(lines=some_lines)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_but_browsing_moves_and_nothing_is_lost(
    frame: Frame, lines: list[dict[str, object]]
) -> None:
    log = frame(lines).with_columns(unit_price_minor=100, channel=None, properties=None)
    log = log.with_columns(pl.col("channel", "properties").cast(pl.String))
    before, after = log.collect(), joined(log).collect()
    assert after.drop("customer_id").equals(before.drop("customer_id"))
    moved = before.filter(after["customer_id"].ne_missing(before["customer_id"]))
    assert set(moved["type"]) <= {str(kind) for kind in BROWSING}
    assert moved["customer_id"].null_count() == len(moved)
    people = ["ann", "bob"]
    old, new = snapshot(log, people), snapshot(joined(log), people)
    for table in ("orders", "refunds", "referred", "attributes", "complaints"):
        assert np.array_equal(getattr(old, table), getattr(new, table)), table
    assert np.array_equal(old.moments[:, 5:8], new.moments[:, 5:8]), "member, ratings, invitations"
