import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from caini.verbs import import_ as verb
from engine.errors import ConfigError, LogError
from engine.shop import ShopIdentity
from training.import_job import ImportOptions, import_log
from training.importers import rows as rows_module
from training.log import read_log

HEADER = "event_id,type,at,customer_id,item_id\n"
GOOD = "view,2026-01-01T00:00:00Z,c,i"
BAD = "look,2026-01-01T00:00:00Z,c,i"
EVENTS = ImportOptions("events")


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    def write(good: int, bad: int = 0) -> Path:
        lines = [f"g{n},{GOOD}\n" for n in range(good)] + [f"b{n},{BAD}\n" for n in range(bad)]
        path = tmp_path / "shop.csv"
        path.write_text(HEADER + "".join(lines), encoding="utf-8")
        return path

    return write


def test_the_summary_accounts_for_every_row(source: Callable[..., Path], tmp_path: Path) -> None:
    path = source(99, 1)
    with path.open("a") as file:
        file.write(f"g0,{GOOD}\n" + HEADER)
    summary = import_log(path, tmp_path / "log.parquet", EVENTS)
    assert summary.rows == 102
    assert summary.events == 99
    assert summary.by_type == {"view": 99}
    assert summary.rejected == {"type_unknown": 1}
    assert summary.set_aside == {"repeated_event_id": 1, "repeated_header": 1}
    assert summary.rows == summary.events + sum([*summary.rejected.values(), 2])


def test_of_a_data_set_that_is_known_it_is_told_what_suits_the_shops_settings(
    source: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sales = tmp_path / "sales.csv"
    sales.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
    )
    out = tmp_path / "log.parquet"
    verb.run(sales, out, format="online-retail", as_json=True)
    suits = json.loads(capsys.readouterr().out)["shop"]
    assert suits == {"currency": "GBP", "time_zone": "Europe/London", "language": "en"}
    assert ShopIdentity.model_validate(suits).time_zone == "Europe/London"
    verb.run(sales, out, format="online-retail")
    said = " ".join(capsys.readouterr().out.split())
    assert 'under [shop] in config/shop.toml: currency = "GBP", time_zone = "Europe/London"' in said
    assert import_log(source(3), out, EVENTS).shop == {}, "a shop knows its own"


def test_too_many_rejects_fail_and_leave_only_the_quarantine(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(LogError, match=r"6 of 106 rows \(5.7%\).*5.0% allowed \(type_unknown 6\)"):
        import_log(source(100, 6), tmp_path / "log.parquet", EVENTS)
    assert {path.name for path in tmp_path.iterdir()} == {"shop.csv", "log.rejects.jsonl"}


def test_events_more_than_a_day_after_now_are_rejected(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    path, out = source(3), tmp_path / "log.parquet"
    with path.open("a") as file:
        file.write("far,view,2099-06-01T00:00:00Z,c,i\n")
        file.write("odd,view,2026-01-02T00:00:01+00:00,c,9\n")
        file.write("near,view,2026-01-02T00:00:00Z,c,i\n")
    options = ImportOptions("events", max_reject_share=1)
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    summary = import_log(path, out, options, now=now)
    assert summary.rejected == {"in_the_future": 2}
    assert summary.events == 4
    assert read_log(out).frame["event_id"].to_list()[-1] == "near"
    rejects = [
        json.loads(line)
        for line in (tmp_path / "log.rejects.jsonl").read_text().split("\n")
        if line
    ]
    assert rejects[0]["detail"] == "at 2099-06-01T00:00:00Z is more than a day after the import"
    assert import_log(path, out, options).rejected == {}


def test_five_in_a_hundred_are_still_allowed(source: Callable[..., Path], tmp_path: Path) -> None:
    assert import_log(source(95, 5), tmp_path / "log.parquet", EVENTS).events == 95


def test_a_failed_import_leaves_the_log_from_before(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    import_log(source(3), tmp_path / "log.parquet", EVENTS)
    with pytest.raises(LogError):
        import_log(source(3, 3), tmp_path / "log.parquet", EVENTS)
    assert len(read_log(tmp_path / "log.parquet")) == 3


def test_an_interrupted_import_leaves_nothing_behind(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_log(source(3), tmp_path / "log.parquet", EVENTS, interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["shop.csv"]


def test_rejects_say_their_line_reason_and_text(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    options = ImportOptions("events", max_reject_share=1, quarantine=tmp_path / "bad.jsonl")
    summary = import_log(source(2, 1), tmp_path / "log.parquet", options)
    assert summary.quarantine == tmp_path / "bad.jsonl"
    [reject] = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert reject["line"] == 4
    assert reject["reason"] == "type_unknown"
    assert reject["detail"].startswith("type 'look': Input should be 'view'")
    assert reject["raw"] == f"b0,{BAD}"


def test_a_type_that_others_call_so_is_told_with_ours(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(
        HEADER + f"g,{GOOD}\n" + f"o,{GOOD}".replace("view", "Order")
    )
    options = ImportOptions("events", max_reject_share=1)
    import_log(tmp_path / "shop.csv", tmp_path / "log.parquet", options)
    reject = json.loads((tmp_path / "log.rejects.jsonl").read_text())
    assert reject["detail"].startswith(
        "type 'Order': did you mean purchase? Input should be 'view'"
    )


def test_a_clean_import_takes_the_quarantine_of_an_earlier_one_away(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "log.rejects.jsonl").write_text("old")
    assert import_log(source(2), tmp_path / "log.parquet", EVENTS).quarantine is None
    assert not (tmp_path / "log.rejects.jsonl").exists()


def test_a_source_of_nothing_but_rejects_makes_no_log(
    source: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(LogError, match="no row is an event"):
        import_log(
            source(0, 2), tmp_path / "log.parquet", ImportOptions("events", max_reject_share=1)
        )


def test_the_same_source_makes_the_same_bytes(source: Callable[..., Path], tmp_path: Path) -> None:
    for name in ("one.parquet", "two.parquet"):
        import_log(source(500), tmp_path / name, EVENTS)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_currency_decimals_and_channel_are_taken_from_the_job(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(HEADER[:-1] + f",unit_price\na,{GOOD},1500\n")
    options = ImportOptions("events", currency="JPY", minor_units=0, channel="app")
    import_log(path, tmp_path / "log.parquet", options)
    log = read_log(tmp_path / "log.parquet")
    assert (log.header.currency, log.header.minor_units) == ("JPY", 0)
    assert log.frame.select("unit_price_minor", "channel").rows() == [(1500, "app")]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (ImportOptions("events", max_reject_share=5), "max-reject-share"),
        (ImportOptions("events", minor_units=9), "minor-units"),
        (ImportOptions("events", encoding="klingon"), "none of auto, utf-8"),
    ],
)
def test_settings_out_of_sense_are_refused(
    source: Callable[..., Path], tmp_path: Path, options: ImportOptions, fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault):
        import_log(source(1), tmp_path / "log.parquet", options)


def test_a_folder_that_is_not_there_is_refused(source: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(LogError, match="folder"):
        import_log(source(1), tmp_path / "none" / "log.parquet", EVENTS)


def test_progress_grows_to_one(source: Callable[..., Path], tmp_path: Path) -> None:
    shares: list[float] = []
    import_log(source(10), tmp_path / "log.parquet", EVENTS, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_ordinary_rows_never_see_the_judge(
    source: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "judge", None)  # to call it would be an error
    assert import_log(source(100), tmp_path / "log.parquet", EVENTS).events == 100
    objects = pl.read_csv(tmp_path / "shop.csv").with_columns(unit_price=2.55, quantity=3)
    objects.write_ndjson(tmp_path / "shop.jsonl")
    assert import_log(tmp_path / "shop.jsonl", tmp_path / "log.parquet", EVENTS).events == 100


def test_the_verb_prints_a_table(
    source: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb.run(source(99, 1), tmp_path / "log.parquet", format="events")
    printed = capsys.readouterr()
    assert "99 events" in printed.out
    assert "type_unknown" in printed.out
    assert "log.rejects.jsonl" in printed.out.replace("\n", "")
    assert "shop.csv" in printed.err


def test_the_verb_prints_one_json_object(
    source: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb.run(source(99, 1), tmp_path / "log.parquet", format="events", as_json=True)
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["events"] == 99
    assert told["rejected"] == {"type_unknown": 1}
    assert told["items"] is None
    assert told["first_at"] == "2026-01-01T00:00:00+00:00"
    assert printed.err == ""


def test_the_quiet_verb_prints_nothing(
    source: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb.run(source(3), tmp_path / "log.parquet", format="events", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_catalogue_appears_beside_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,22423,CAKESTAND,1,2011-01-01 00:00,12.75,7,France\n"
    )
    verb.run(path, tmp_path / "log.parquet", format="online-retail")
    assert "log.items.parquet" in "".join(capsys.readouterr().out.split())
    assert pl.read_parquet(tmp_path / "log.items.parquet").height == 1
