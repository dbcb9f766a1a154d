"""R1 in training: linked ids are one person, and each keeps what is its own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from engine.bundle import Bundle
from engine.customers.facts import Referrer
from engine.customers.history import EMPTY_HISTORY, fold_all, merge
from engine.customers.identity import NOBODY_LINKED
from engine.events import EventType
from engine.happened import Happened
from engine.item_history import count
from engine.person import known_at_training, known_customer, known_person
from engine.types import DAY_MS, ItemHistory
from tests.worlds import ITEMS, NOW, START, bundle
from training.archive import rows_of
from training.assemble import customer_items as items_of
from training.customers import snapshot
from training.interactions import read_interactions
from training.log import LogHeader, write_log
from training.log_lines import referrers_told
from training.people import identity_in, linked_of, resolved
from training.train import open_source
from training.visitors import joined

CUSTOMERS, VISITORS = ("ann", "ben", "card"), ("v1", "v2")


def word(number: int, kind: EventType, alias: tuple[str, str], customer: str) -> Happened:
    said = {"kind": alias[0], "alias": alias[1], "revision": number}
    return Happened(f"w{number}", kind, START + number, customer, properties=said)


def frame_of(events: list[Happened]) -> pl.LazyFrame:
    return rows_of(events).sort("at", "event_id").lazy()


def trained_on(events: list[Happened]) -> Bundle:
    """The tea shop with the tables of customers that training makes of a log."""
    raw, made = frame_of(events), bundle()
    identity = identity_in(raw)
    log = resolved(raw, identity)
    data = read_interactions(
        log,
        made.shop.interactions,
        extra_items=ITEMS,
        extra_customers=referrers_told(log),
        watermark=NOW,
    )
    return replace(
        made,
        items=type(made.items).build(data.item_ids),
        customers=type(made.customers).build(data.customer_ids),
        snapshot=snapshot(joined(log), data.customer_ids),
        customer_items=items_of(data),
        linked=linked_of(raw, identity, data.item_ids, made.shop.interactions, NOW),
    )


def same_items(ours: ItemHistory, theirs: ItemHistory) -> None:
    assert ours.rows.tolist() == theirs.rows.tolist()
    for name in ItemHistory.__slots__:
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-6)


def did(number: int, kind: EventType, item: str, who: dict[str, str], day: int) -> Happened:
    money = {"order_id": f"o{number}", "unit_price_minor": 100 + number}
    return Happened(f"e{number}", kind, START + day * DAY_MS + number, item_id=item, **who, **money)


WHO = st.sampled_from(
    [{"customer_id": each} for each in CUSTOMERS] + [{"visitor_id": each} for each in VISITORS]
)
KINDS = st.sampled_from([EventType.PURCHASE, EventType.VIEW, EventType.CART, EventType.DISLIKE])
DOINGS = st.lists(st.tuples(KINDS, st.sampled_from(ITEMS), WHO, st.integers(0, 29)), max_size=20)
LINKS = st.sets(
    st.sampled_from(
        [
            ("customer", "ben", "ann"),
            ("pos_card", "card", "ann"),
            ("visitor", "v1", "ann"),
            ("visitor", "v2", "ben"),
        ]
    )
)


@settings(deadline=None, max_examples=60)
@given(DOINGS, LINKS)
def test_R1_who_is_linked_is_trained_as_one_and_can_be_taken_apart(doings: Any, links: Any) -> None:
    events = [did(number, *doing) for number, doing in enumerate(doings)]
    words = [
        word(number, EventType.LINK, (kind, alias), customer)
        for number, (kind, alias, customer) in enumerate(sorted(links), 100)
    ]
    events.append(did(99, EventType.VIEW, "green", {"customer_id": "zoe"}, 1))
    made, identity = trained_on(events + words), identity_in(frame_of(events + words))
    own: dict[str, list[Happened]] = {}
    for event in events:
        node = f"c:{event.customer_id}" if event.customer_id else f"v:{event.visitor_id}"
        own.setdefault(node, []).append(event)
    for node in identity.nodes():
        person = identity.person(node)
        together = [event for each in person for event in own.get(each, [])]
        known = known_person(made, person)
        assert known.past == fold_all(EMPTY_HISTORY, together)
        rows = made.items.rows([event.item_id or "" for event in together])
        same_items(known.items, count(together, rows, made.shop.interactions, NOW))
        alone = known_person(made, (node,))
        assert alone.past == fold_all(EMPTY_HISTORY, own.get(node, []))
        apart = [known_person(made, (each,)).past for each in person]
        assert merge(apart) == known.past
    assert known_person(made, ("c:zoe",)) == known_customer(made, "zoe")


def test_a_log_without_links_is_taken_as_it_is(tmp_path: Path) -> None:
    events = [did(1, EventType.VIEW, "green", {"customer_id": "ann"}, 0)]
    write_log(frame_of(events).collect(), LogHeader(), tmp_path / "log.parquet")
    source = open_source(tmp_path / "log.parquet", None)
    assert source.identity == NOBODY_LINKED
    assert source.log.collect().equals(source.raw.collect())  # type: ignore[union-attr]
    assert not len(trained_on(events).linked.nodes)


def test_a_referral_names_the_referrer_by_the_canonical_id() -> None:
    invited = Happened(
        "r", EventType.REFERRAL, START, "ben", properties={"referrer_id": "card", "note": "茶"}
    )
    bought = did(2, EventType.PURCHASE, "cup", {"customer_id": "ben"}, 3)
    events = [invited, bought, word(5, EventType.LINK, ("pos_card", "card"), "ann")]
    raw = frame_of(events)
    line = resolved(raw, identity_in(raw)).filter(pl.col("event_id") == "r").collect()
    assert json.loads(line["properties"].item()) == {"referrer_id": "ann", "note": "茶"}
    made = trained_on([*events, did(7, EventType.VIEW, "cup", {"customer_id": "ann"}, 1)])
    assert known_at_training(made, "card").row == known_at_training(made, "ann").row >= 0
    assert known_at_training(made, None).row == known_at_training(made, "nobody").row == -1
    for person in (("c:ann", "c:card"), ("c:card",)):
        assert [each.amount_minor for each in known_person(made, person).past.referred] == [102]
    assert known_person(made, ("c:ann",)).past.referred == ()


def test_a_referral_that_names_nobody_stays_as_it_is_beside_links() -> None:
    lines: list[dict[str, JsonValue]] = [
        {"referrer_id": ["card"]},
        {"referrer_id": " "},
        {"referrer_id": 7},
        {"referrer_id": "card", "referred_id": "cat", "of": "purchase"},
    ]
    newcomers = [f"ben {number}" for number in range(len(lines))]
    events = [
        word(5, EventType.LINK, ("pos_card", "card"), "ann"),
        did(7, EventType.VIEW, "cup", {"customer_id": "ann"}, 1),
    ]
    for number, (who, said) in enumerate(zip(newcomers, lines, strict=True), 20):
        line = Happened(f"r{number}", EventType.REFERRAL, START + number, who, properties=said)
        events += [line, did(number, EventType.PURCHASE, "cup", {"customer_id": who}, 3)]
    raw = frame_of(events)
    told = resolved(raw, identity_in(raw)).filter(type="referral").collect()["properties"]
    assert [json.loads(text) for text in told] == lines
    made = trained_on(events)
    assert made.customers.ids(range(len(made.customers))) == ["ann", *newcomers], "and nobody else"
    assert known_person(made, ("c:ann", "c:card")).past.referred == ()
    assert [known_customer(made, who).past.referrer for who in newcomers] == [Referrer()] * 4


def test_lines_of_a_link_are_no_contact_and_those_that_say_nothing_link_nobody() -> None:
    half = Happened("h", EventType.LINK, START + DAY_MS, "ann", properties={"kind": "pos_card"})
    view = did(1, EventType.VIEW, "green", {"customer_id": "ann"}, 0)
    raw = frame_of([half, view, word(3, EventType.LINK, ("household", "elm"), "ann")])
    assert not identity_in(raw).links
    assert identity_in(raw).households("c:ann") == ("h:elm",)
    assert resolved(raw, identity_in(raw)).collect()["event_id"].to_list() == ["e1"]


def test_without_links_a_customer_is_their_row_and_a_visitor_is_not_of_the_bundle() -> None:
    made = bundle()
    assert known_person(made, ("c:mei",)).row == 0
    assert known_person(made, ("v:mei",)).past == EMPTY_HISTORY
