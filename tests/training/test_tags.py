"""A4: who carries which tag, and how many orders carry one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caini.verbs.tags import run
from engine.bundle import Bundle
from engine.conditions import compiled, parse
from engine.customers.fields import Names, customer_fields
from engine.customers.history import EMPTY_HISTORY, fold_all
from engine.customers.state import assess
from engine.customers.tags import Tag, retagged, tagged_share
from engine.errors import ConfigError, LogError
from engine.events import EventType
from engine.happened import Happened
from engine.shop import ShopConfig, check_shop, schemes_of
from engine.types import DAY_MS
from tests.conftest import CONFIG, Trained
from tests.training.test_people import trained_on
from tests.worlds import NOW, SHOP, START, event
from training.archive import rows_of
from training.customer_facts import snapshot_of, told
from training.customers import assess_all, population, snapshot
from training.tags import WINDOW_DAYS, table_of, tagged
from training.visitors import joined

BUSY = {"field": "recency_days", "op": "<=", "value": 2}
LABEL = {"en": "x", "zh": "x"}


def tag(name: str, when: Any = BUSY, **more: object) -> dict[str, object]:
    return {"name": name, "label": LABEL, "when": when, **more}


def shop(*tags: dict[str, object]) -> ShopConfig:
    return check_shop({**SHOP, "tags": list(tags)}, "shop.toml")


def bought(number: int, who: str, day: float) -> Happened:
    return event(number, EventType.PURCHASE, "milk", day, customer_id=who, unit_price_minor=1000)


def world(*events: Happened) -> tuple[Bundle, pl.LazyFrame]:
    """A log that ends on day 30, where the tea shop's bundle ends too."""
    told = [*events, event(99, EventType.VIEW, "cup", 30, customer_id="last")]
    return trained_on(told), rows_of(told).sort("at", "event_id").lazy()


def test_A4_a_tag_stays_its_days_after_the_condition_last_held() -> None:
    tea, log = world(bought(1, "ann", 10), bought(2, "bob", 27), bought(3, "cat", 29))
    found = tagged(tea, log, shop(tag("busy", days=3), tag("long", days=20)), every=1)
    carried = {
        (line["customer_id"], line["tag"]): (line["until"].timestamp() * 1000 - NOW) / DAY_MS
        for line in table_of(found, tea, shop(tag("busy"), tag("long")).tags).iter_rows(named=True)
    }
    assert carried == {
        ("ann", "long"): 2,  # held last on day 12
        ("bob", "busy"): 2,
        ("bob", "long"): 19,
        ("cat", "busy"): 3,
        ("cat", "long"): 20,
    }
    assert [(size.name, size.customers) for size in found.sizes] == [("busy", 2), ("long", 3)]


def test_A4_the_share_of_orders_that_carry_a_tag_does_not_count_what_came_after() -> None:
    tea, log = world(
        bought(1, "ann", 1),  # not of the window, and nothing before it
        bought(2, "ann", 3.5),  # carried: she bought two days ago
        bought(3, "bob", 20.2),  # the first: nobody had tagged him yet
        bought(4, "bob", 20.7),  # nor had anybody looked since
        bought(5, "bob", 29),  # long ago
    )
    found = tagged(tea, log, shop(tag("busy", days=1)), every=1)
    assert (found.orders, found.tagged_orders, found.share) == (4, 1, 0.25)
    assert found.sizes[0].orders == 1


def test_A6_who_opted_out_carries_no_tag_and_their_orders_do_not_count() -> None:
    no = event(9, EventType.CONSENT, None, 29.5, customer_id="ann", properties={"personal": False})
    tea, log = world(bought(1, "ann", 28), bought(2, "ann", 29), bought(3, "bob", 29), no)
    found = tagged(tea, log, shop(tag("busy")), every=1)
    assert (found.orders, found.tagged_orders) == (1, 0)
    assert table_of(found, tea, shop(tag("busy")).tags)["customer_id"].to_list() == ["bob"]


def test_A6_who_opts_in_again_carries_no_tag_of_the_time_between() -> None:
    def says(number: int, day: float, *, personal: bool) -> Happened:
        more = {"customer_id": "ann", "properties": {"personal": personal}}
        return event(number, EventType.CONSENT, None, day, **more)

    out, back = says(8, 9, personal=False), says(9, 14, personal=True)
    tea, log = world(bought(1, "ann", 10), bought(2, "bob", 10), out, back)
    under = shop(tag("long", days=20))
    found = tagged(tea, log, under, every=1)
    assert table_of(found, tea, under.tags)["customer_id"].to_list() == ["bob"]
    assert found.orders == 2


days = st.floats(0, 29.9).map(lambda day: round(day, 2))


@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), days), min_size=1, max_size=8),
    st.integers(1, 9),
    st.integers(1, 12),
)
@settings(max_examples=25, deadline=None)
def test_A4_tagging_all_is_tagging_each(
    did: list[tuple[str, float]], every: int, stays: int
) -> None:
    tea, log = world(*(bought(i, who, day) for i, (who, day) in enumerate(did)))
    under = shop(tag("busy", days=stays))
    found = tagged(tea, log, under, every)
    schemes, predicate = schemes_of(under), compiled(parse(BUSY, customer_fields(Names()), "when"))
    busy = Tag("busy", predicate, stays)
    start = NOW - WINDOW_DAYS * DAY_MS
    back = max(stays, every) * DAY_MS  # so that the first order of the window has a look before it
    looks = range(NOW, start - back - 1, -every * DAY_MS)[::-1]
    carrying = []
    for who in ("ann", "bob"):
        own = [bought(i, name, day) for i, (name, day) in enumerate(did) if name == who]
        given_then: dict[int, dict[str, int]] = {}
        held: dict[str, int] = {}
        for look in looks:
            history = fold_all(EMPTY_HISTORY, [one for one in own if one.at <= look])
            people = snapshot(log.filter(pl.lit(False)), ())
            state = assess(history, population(people, schemes, look), schemes, look)
            held = given_then[look] = retagged(held, state._asdict(), [busy], look)
        row = tea.customers.row(who)
        if own:
            assert int(found.until[row, 0]) * (found.until[row, 0] > NOW) == held.get("busy", 0)
        for one in own:
            before = [look for look in looks if look < one.at]
            if one.at > start and before:
                until = given_then[before[-1]].get("busy", 0)
                carrying.append((f"{who} {one.at}", until > one.at))
    carried = {order for order, has in carrying if has}
    assert found.share == pytest.approx(tagged_share([order for order, _ in carrying], carried))


def test_A4_no_state_depends_on_messages_that_a_visitor_opened() -> None:
    """They are the one part of what joins that the tags leave out."""
    _, log = world(
        bought(1, "ann", 3),
        event(2, EventType.VIEW, "cup", 4, customer_id="ann", visitor_id="v"),
        event(3, EventType.MESSAGE_OPEN, None, 20, visitor_id="v"),
        event(4, EventType.MESSAGE_CLICK, None, 21, visitor_id="v", channel="app"),
        event(5, EventType.VIEW, "pot", 22, visitor_id="v"),
    )
    schemes, who = schemes_of(shop(tag("busy"))), ["ann", "last"]
    whole, lean = snapshot(joined(log), who), snapshot_of(told(log, who), joined(log))
    assert (whole.reach.shape[1], lean.reach.shape[1]) == (2, 0), "channel and hour, each once"
    states = [
        assess_all(people, population(people, schemes, NOW), schemes, NOW)
        for people in (whole, lean)
    ]
    assert states[0].equals(states[1])
    assert states[0]["last_at"].to_list() == [START + 22 * DAY_MS, NOW]


def test_a_shop_without_tags_is_told_to_write_some() -> None:
    tea, log = world(bought(1, "ann", 1))
    with pytest.raises(ConfigError, match=r"write \[\[tags\]\]"):
        tagged(tea, log, shop(), every=7)


def test_A4_the_verb_tells_the_share_and_writes_who_carries_what(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tags.csv"
    run(
        trained.bundles,
        trained.log,
        out=out,
        every=7,
        config=CONFIG,
        lang=None,
        as_json=True,
    )
    told = json.loads(capsys.readouterr().out)
    assert told["goal"] == 0.9
    assert 0 < told["tagged_orders"] <= told["orders"]
    lines = pl.read_csv(out, infer_schema=False)
    sizes = {size["name"]: size["customers"] for size in told["tags"] if size["customers"]}
    assert dict(lines.group_by("tag").len().iter_rows()) == sizes
    run(trained.bundles, trained.log, out=None, every=28, config=CONFIG, lang="zh", as_json=False)
    told_zh = capsys.readouterr()
    assert "目标 90%" in told_zh.out
    assert "逐次查看" in told_zh.err
    assert "5/5" in told_zh.err, "of the window and the longest tag, a look each 28 days"


def test_tags_of_another_log_are_refused(trained: Trained, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    table = pl.read_parquet(trained.log)
    metadata = pl.read_parquet_metadata(trained.log)
    table.head(table.height - 9).write_parquet(other, metadata=metadata)
    with pytest.raises(LogError, match="not the log of bundle"):
        run(
            trained.bundles,
            other,
            out=None,
            every=7,
            config=CONFIG,
            lang=None,
            as_json=True,
        )


@pytest.mark.parametrize(
    ("tags", "faults"),
    [
        (
            [tag("a", {"field": "mood", "op": "=", "value": 1}), tag("Bad"), tag("b", days=0)],
            ["tags[0].when.field: 'mood' is no field", "tags[1].name: ", "tags[2].days: "],
        ),
        ([tag("a"), tag("a")], ["tags: a is there twice"]),
        ([tag("a", {"field": "tier", "op": "=", "value": "gold"})], ["'gold' is unknown; allowed"]),
        ([tag("a", dais=3)], ["tags[0].dais: 'dais' is no key of this table; did you mean days?"]),
    ],
)
def test_A4_wrong_tags_are_refused_all_at_once(
    tags: list[dict[str, object]], faults: list[str]
) -> None:
    with pytest.raises(ConfigError) as told:
        shop(*tags)
    assert [fault for fault in faults if fault not in str(told.value)] == []
    assert np.all([line.startswith("shop.toml: tags") for line in str(told.value).splitlines()])
