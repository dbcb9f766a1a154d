"""A1, A2, A6: who is on a list, with what, and what is remembered of it."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.customers.outreach import OutreachConfig
from engine.errors import ConfigError
from engine.ids import IdMap
from engine.shop import schemes_of
from engine.slots import SlotPlan, check_slots
from engine.text import TextColumn
from engine.types import DAY_MS
from tests.training.outreach import ledger_in, town
from tests.worlds import BLACK, CUP, GREEN, MILK, NOW, POT
from training.appetite import appetites, still_has
from training.audience import Chosen, Plan, Tally, hashed, held_out, write_audience
from training.choosing import (
    likeliest,
    not_converted,
    of_segment,
    read_suppressed,
    with_open,
)
from training.list_files import require_kind
from training.reasoned import Offer
from training.segments import states_under
from training.sent import open_ledger

WORLD = town()
TEA, SHOP = WORLD
MEI, LIN, CMD, OWL = 0, 1, 4, 5
ALL = np.array([MEI, LIN, CMD, OWL], np.int32)
FREE = OutreachConfig(messages=99, days=1, repeat_days=0, list_hours=0)


def slot(**settings: object) -> SlotPlan:
    raw = {"title": {"en": "x", "zh": "x"}, "sources": {"similar": 1}, **settings}
    return check_slots({"my": raw}, "slots.toml", SHOP)["my"]


def plan(**changes: Any) -> Plan:
    offer = changes.pop("offer", Offer(n=2, now=NOW, channel="email"))
    made = Plan("spring", offer, slot(), SHOP.outreach, "en", processes=1)
    return replace(made, **changes)


def write(folder: Path, out: str, under: Plan, rows: Any = ALL) -> tuple[Tally, pl.DataFrame]:
    path = folder / out
    chosen = Chosen(np.asarray(rows, np.int32), np.zeros(len(rows), np.int64))
    with open_ledger(ledger_in(folder)) as book:
        tally = write_audience(chosen, TEA, under, book, path)
    return tally, read(path)


def read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, infer_schema=False)


def items(table: pl.DataFrame) -> dict[str, list[str]]:
    columns = [name for name in table.columns if name.startswith("item_")]
    return {
        who: [name for name in row if name]
        for who, *row in table.select("customer_id", *columns).iter_rows()
    }


def test_A1_a_list_says_who_where_when_what_why_and_at_which_price(tmp_path: Path) -> None:
    tally, table = write(tmp_path, "a.parquet", plan(offer=Offer(2, NOW)))
    assert (tally.chosen, tally.written) == (4, 4)
    mei = table.row(0, named=True)
    assert (mei["customer_id"], mei["item_1"], mei["title_1"]) == ("mei", "black", "Black tea")
    assert mei["reason_1"] == "Because you bought Green tea"
    assert (str(mei["price_1"]), mei["tier_price_1"], mei["currency"]) == ("60.00", None, "CNY")
    owl = table.row(3, named=True)
    assert (owl["channel"], owl["hour"]) == ("sms", 0), "where the owl answers, Shanghai time"


@pytest.mark.parametrize(
    ("currency", "decimals", "minor", "told"),
    [
        ("GBP", 2, 165, "1.65"),
        ("GBP", 2, 39, "0.39"),
        ("GBP", 2, 9_007_199_254_740_993, "90071992547409.93"),
        ("JPY", 0, 165, "165"),
        ("KWD", 3, 1_655, "1.655"),
        ("KWD", 3, 5, "0.005"),
    ],
)
def test_prices_are_exact_in_every_currency(
    currency: str, decimals: int, minor: int, told: str, tmp_path: Path
) -> None:
    shop = {"name": "tea", "currency": currency, "minor_units": decimals}
    tea, _ = town(shop=shop)
    prices = np.full_like(tea.catalogue.price_minor, minor)
    tea = replace(tea, catalogue=replace(tea.catalogue, price_minor=prices))
    chosen = Chosen(np.array([MEI], np.int32), np.zeros(1, np.int64))
    for name in ("a.csv", "a.parquet"):
        with open_ledger(ledger_in(tmp_path / name[2:])) as book:
            write_audience(chosen, tea, plan(), book, tmp_path / name)
        line = read(tmp_path / name).row(0, named=True)
        assert (str(line["price_1"]), line["currency"]) == (told, currency)


def test_the_channel_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    _, table = write(tmp_path, "a.parquet", plan(offer=Offer(2, NOW, "email")))
    assert set(table["channel"]) == {"email"}
    assert table["hour"].null_count() == table.height, "nobody has answered by email"


def test_P5_the_highest_tier_is_the_first_wave_and_pays_its_price(tmp_path: Path) -> None:
    with open_ledger(ledger_in(tmp_path)) as book:
        chosen = Chosen(np.array([MEI, LIN], np.int32), np.array([3, 0]))
        write_audience(chosen, TEA, plan(), book, tmp_path / "a.parquet")
    mei, lin = pl.read_parquet(tmp_path / "a.parquet").iter_rows(named=True)
    assert (mei["wave"], mei["tier"], str(mei["tier_price_1"])) == (1, "diamond", "42.00")
    assert (lin["wave"], lin["tier"], lin["tier_price_1"]) == (4, None, None)


def test_A1_successive_lists_repeat_no_item_until_the_days_are_over(tmp_path: Path) -> None:
    often = OutreachConfig(messages=99, days=1, repeat_days=30)
    first = items(write(tmp_path, "1.csv", plan(config=often))[1])
    second = items(write(tmp_path, "2.csv", plan(config=often, name="summer"))[1])
    assert second.keys() == first.keys()
    assert all(not set(first[who]) & set(second[who]) for who in second)
    later = plan(config=often, offer=Offer(2, NOW + 31 * DAY_MS))
    assert items(write(tmp_path, "3.csv", later)[1])["mei"] == first["mei"]


def test_A1_nobody_is_on_more_lists_than_the_cap_allows(tmp_path: Path) -> None:
    cap = plan(config=OutreachConfig(messages=2, days=7, repeat_days=0, list_hours=0))
    assert [write(tmp_path, f"{i}.csv", cap)[0].written for i in range(3)] == [4, 4, 0]
    later = replace(cap, offer=Offer(2, NOW + 8 * DAY_MS))
    assert write(tmp_path, "later.csv", later)[0].written == 4


def test_the_holdout_is_the_same_in_each_run_and_gets_nothing(tmp_path: Path) -> None:
    ids = [f"c{i}" for i in range(20_000)]
    held = held_out(ids, "spring", 0.1)
    assert held.mean() == pytest.approx(0.1, abs=0.01)
    assert (held == held_out(ids, "spring", 0.1)).all()
    assert (held & held_out(ids, "autumn", 0.1)).mean() == pytest.approx(0.01, abs=0.005)
    assert held_out(ids, "spring", 0.2)[held].all(), "a larger share holds the smaller one"
    half = plan(holdout=0.5, config=FREE)
    tally, table = write(tmp_path, "a.csv", half)
    assert tally.written + tally.held_out == 4
    assert set(table["customer_id"]) == set(write(tmp_path, "b.csv", half)[1]["customer_id"])


def test_A2_the_second_wave_knows_whom_the_first_was_sent_to(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", plan(), [MEI, OWL])
    with open_ledger(ledger_in(tmp_path)) as book:
        assert book.members("spring") == {"mei": NOW, "owl": NOW}
        assert book.members("autumn") == {}
        assert book.names() == ["spring"]


def test_hashed_ids_are_equal_for_equal_ids_and_salts_alone() -> None:
    first, again, other = (hashed(["mei"], salt)[0] for salt in (b"a", b"a", b"b"))
    assert first == again != other
    assert len(first) == 64
    assert "mei" not in first


def test_hashed_lists_hold_no_id_and_the_ledger_still_caps(tmp_path: Path) -> None:
    cap = plan(
        salt=b"pepper", config=OutreachConfig(messages=1, days=7, repeat_days=0, list_hours=0)
    )
    _, table = write(tmp_path, "a.csv", cap)
    assert not set(table["customer_id"]) & set(TEA.customers.ids(range(6)))
    assert write(tmp_path, "b.csv", replace(cap, salt=None))[0].written == 0


def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", plan(config=FREE))
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert "'=cmd()" in cells
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert "=cmd()" in set(write(tmp_path, "a.parquet", plan(config=FREE))[1]["customer_id"])


@pytest.mark.parametrize("run", [*"=+-@＝＋－＠\t\r\n\0", " =", "\u3000＝", "\t+", "\r@", "\0="])
def test_whatever_a_spreadsheet_runs_is_harmless_in_ids_and_titles(
    run: str, tmp_path: Path
) -> None:
    name = f"{run}1+1"
    ids = [name, *TEA.customers.ids(range(1, 6))]
    titles = TextColumn.build([name] * len(TEA.items))
    tea = replace(TEA, customers=IdMap.build(ids), catalogue=replace(TEA.catalogue, titles=titles))
    chosen = Chosen(np.array([MEI], np.int32), np.zeros(1, np.int64))
    for out in ("a.csv", "a.parquet"):
        with open_ledger(ledger_in(tmp_path / out[2:])) as book:
            write_audience(chosen, tea, plan(), book, tmp_path / out)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        line = next(csv.DictReader(file))
    assert (line["customer_id"], line["title_1"]) == (f"'{name}", f"'{name}")
    assert line["reason_1"] == f"Because you bought {name}", "it begins with nothing to run"
    line = read(tmp_path / "a.parquet").row(0, named=True)
    assert (line["customer_id"], line["title_1"]) == (name, name)


def test_a_list_about_an_item_begins_with_it(tmp_path: Path) -> None:
    about = plan(offer=Offer(2, NOW, item=POT))
    found = items(write(tmp_path, "a.csv", about)[1])
    assert {row[0] for row in found.values()} == {"pot"}
    assert all(len(set(row)) == 2 for row in found.values())


def test_a_list_about_a_brand_holds_nothing_else(tmp_path: Path) -> None:
    outside = np.array([MILK, CUP, POT, 5], np.int32)
    found = items(write(tmp_path, "a.csv", plan(offer=Offer(2, NOW, outside=outside)))[1])
    assert {name for row in found.values() for name in row} == {"green", "black"}
    assert found["mei"] == ["black"], "she has green tea"


STATES = with_open(states_under(TEA, schemes_of(SHOP), NOW), TEA, ())


def test_A6_who_opted_out_is_on_no_list() -> None:
    assert of_segment("everybody", STATES).tolist() == ALL.tolist()
    milk = np.array([MILK], np.int32)
    assert appetites(milk, TEA, {"als": 1.0}).all(), "all six might want milk"
    assert sorted(likeliest(milk, STATES, TEA, {"als": 1.0}, NOW).tolist()) == ALL.tolist()
    sent = dict.fromkeys(TEA.customers.ids(range(6)), NOW)
    assert not_converted(sent, STATES, TEA).tolist() == ALL.tolist()


def test_who_the_shop_names_is_on_no_list(tmp_path: Path) -> None:
    (tmp_path / "gone.txt").write_text("\ufefflin\r\n\n never-seen \nowl", encoding="utf-8")
    named = read_suppressed(tmp_path / "gone.txt")
    assert named == {"lin", "owl", "never-seen"}
    states = with_open(STATES, TEA, named)
    assert of_segment("everybody", states).tolist() == [MEI, CMD]
    assert read_suppressed(None) == frozenset()
    (tmp_path / "gone.bin").write_bytes(b"\xff\xfe")
    for name in ("gone.bin", "nowhere.txt"):
        with pytest.raises(ConfigError, match="one id a line"):
            read_suppressed(tmp_path / name)


def test_A2_who_ordered_since_the_first_wave_is_not_in_the_second() -> None:
    sent = {"mei": NOW - 25 * DAY_MS, "lin": NOW - 24 * DAY_MS, "gone": NOW}
    assert not_converted(sent, STATES, TEA).tolist() == [LIN], "mei ordered on day 10"


def test_the_likeliest_come_first_and_who_has_the_item_not_at_all() -> None:
    pot = np.array([POT], np.int32)
    found = likeliest(pot, STATES, TEA, {"similar": 1.0}, NOW).tolist()
    assert found == [LIN, MEI, CMD], "a cup that was bought, and two looks at the pot"
    green = np.array([GREEN], np.int32)
    assert MEI in likeliest(green, STATES, TEA, {"als": 1.0}, NOW)
    assert MEI not in likeliest(green, STATES, TEA, {"als": 1.0}, NOW - 5 * DAY_MS)


def test_who_bought_a_cup_is_likelier_to_want_a_pot_than_who_bought_tea() -> None:
    want = appetites(np.array([POT], np.int32), TEA, {"similar": 1.0})
    assert want[LIN] > want[MEI] > want[OWL] == 0, "mei looked at it once"
    by_both = appetites(np.array([POT], np.int32), TEA, {"similar": 0.7, "als": 0.3})
    assert by_both[LIN] > by_both[MEI] > 0
    assert not appetites(np.array([POT], np.int32), TEA, {"popular": 1.0}).any()


def test_who_still_has_an_item_does_not_want_it_yet() -> None:
    assert still_has(GREEN, TEA, NOW).tolist() == [False] * 6, "bought 20 days ago, and used up"
    assert still_has(GREEN, TEA, NOW - 5 * DAY_MS).tolist() == [True] + [False] * 5
    assert not still_has(BLACK, TEA, NOW - 30 * DAY_MS)[MEI]


def test_an_empty_list_has_its_columns(tmp_path: Path) -> None:
    tally, table = write(tmp_path, "a.parquet", plan(), [])
    assert (tally.chosen, tally.written, table.height) == (0, 0, 0)
    assert table.columns[:5] == ["customer_id", "channel", "hour", "wave", "tier"]
    assert table.columns[5] == "currency"


def test_a_list_is_csv_or_parquet() -> None:
    with pytest.raises(Exception, match=r"must end in \.csv or \.parquet"):
        require_kind(Path("list.xlsx"))
