"""Sizes of segments, in the tea shop of tests/worlds.py: mei spent 150, lin 30."""

from dataclasses import replace

import polars as pl
import pytest

from engine.bundle import Bundle
from engine.conditions import OPERATORS, SEVERAL, Field, Kind, compiled, parse
from engine.customers.fields import Facts, Names, customer_fields
from engine.customers.history import fold_all
from engine.customers.schemes import Schemes, compile_schemes
from engine.customers.snapshot import snapshot_of
from engine.events import EventType
from engine.shop import check_shop
from tests.worlds import LOG, NOW, SHOP, bundle, event
from training.customer_segments import mask
from training.segments import SegmentSize, segment_sizes, states_under


def segment(name: str, field: str, op: str, value: object) -> dict[str, object]:
    when = {"field": field, "op": op, "value": value}
    return {"name": name, "label": {"en": name, "zh": "分群"}, "when": when}


SPENDERS = segment("spenders", "monetary", ">=", 100)
EVERYBODY = segment("everybody", "known", "=", True)
NOBODY = segment("nobody", "orders", ">", 99)


def rules(*segments: dict[str, object]) -> Schemes:
    shop = check_shop({**SHOP, "segments": list(segments)}, "shop.toml")
    return compile_schemes(shop, minor_units=2, time_zone="Asia/Shanghai")


def sizes(tea: Bundle, *segments: dict[str, object]) -> tuple[SegmentSize, ...]:
    under = rules(*segments)
    return segment_sizes(states_under(tea, under, NOW), under.segments, tea)


def test_a_segment_has_its_share_of_customers_and_of_revenue() -> None:
    rich, everybody, nobody = sizes(bundle(), SPENDERS, EVERYBODY, NOBODY)
    assert (rich.customers, rich.share) == (1, 0.5)
    assert rich.revenue_minor == 15_000
    assert rich.revenue_share == pytest.approx(15_000 / 18_000)
    assert rich.samples == ("mei",)
    assert (everybody.customers, everybody.share, everybody.revenue_share) == (2, 1.0, 1.0)
    assert (nobody.customers, nobody.share, nobody.revenue_share) == (0, 0.0, 0.0)
    assert nobody.samples == ()


def test_rules_that_are_newer_than_the_bundle_are_tried_on_it() -> None:
    tea = bundle()
    assert "spenders" not in {each.name for each in tea.shop.segments}
    assert sizes(tea, SPENDERS)[0].customers == 1


def test_who_opted_out_counts_and_is_not_shown() -> None:
    tea = bundle()
    left = event(20, EventType.CONSENT, None, 20, properties={"personal": False})
    histories = [tea.snapshot.history_of(row) for row in range(len(LOG))]
    histories[0] = fold_all(histories[0], [left])
    everybody = sizes(replace(tea, snapshot=snapshot_of(histories)), EVERYBODY)[0]
    assert everybody.customers == 2
    assert everybody.samples == ("lin",)


def test_the_same_customers_are_shown_in_each_run() -> None:
    assert sizes(bundle(), EVERYBODY) == sizes(bundle(), EVERYBODY)


WORDS = ("star_1", "no such word", "")
NUMBERS = (0, 1, -1, 2, 0.5, 1.0, 1e9)
OF_KIND: dict[Kind, tuple[object, ...]] = {
    Kind.NUMBER: NUMBERS,
    Kind.MONEY: (0, 30, 150.0, 150.01),
    Kind.FLAG: (True, False),
    Kind.TEXT: WORDS,
    Kind.LIST: WORDS,
}


def asked_of(field: Field[Facts], op: str) -> list[object]:
    """Values that the operator takes; several of one are of mixed types where numbers may be."""
    values = field.choices or OF_KIND[field.kind]
    if op == "known":
        return [True, False]
    if op in SEVERAL:
        return [[value] for value in values] + [list(values), list(values[-2:])]
    if op == "between":
        return [[low, high] for low in values for high in values if low <= high]  # type: ignore[operator]
    return list(values)


NAMES = Names(["star_1", "star_2"])
FIELDS = customer_fields(NAMES).keys() - {"attribute.NAME"}  # test_attributes.py


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_condition_holds_of_all_at_once_as_of_each(name: str) -> None:
    field = customer_fields(NAMES)[name]
    tea = bundle()
    states = states_under(tea, tea.schemes, NOW)
    states = pl.concat([states, states.clear(1)], how="vertical")  # and of whom nothing is known
    for op in OPERATORS[field.kind]:
        for value in asked_of(field, op):
            condition = parse({"field": name, "op": op, "value": value}, {name: field}, "when")
            held = states.select(mask(condition).alias("held"))["held"].to_list()
            each = [compiled(condition)(row) for row in states.iter_rows(named=True)]
            assert held == each, (op, value)
