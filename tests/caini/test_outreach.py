"""`caini audience` and `caini triggers` on the small simulated shop."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from tests.caini.conftest import Caini
from tests.conftest import CONFIG

SALT = "CAINI_TEST_SALT"
NOW = "2026-01-01T09:00+08:00"
SPENT = '\n[[segments]]\nname = "spent"\nlabel = { en = "spent", zh = "消费" }\n'


@pytest.fixture
def run(with_ledger: Caini) -> Caini:
    return with_ledger


def test_a_segment_is_written_to_once(run: Caini, tmp_path: Path) -> None:
    out = tmp_path / "loyal.parquet"
    asked = ("audience", "--segment", "loyal", "--channel", "email", "--n", 3, "--holdout", 0.2)
    code, told, _ = run(*asked, "--out", out, "--json")
    first = json.loads(told)
    table = pl.read_parquet(out)
    assert code == 0
    assert first["name"] == "segment:loyal"
    assert first["chosen"] == first["written"] + first["held_out"] + first["without_items"]
    assert table.height == first["written"] > 10
    assert first["held_out"] > 0
    assert set(table["channel"]) == {"email"}
    assert table["item_3"].null_count() == 0
    code, told, err = run(*asked, "--out", out)
    assert code == 2
    assert "is there already" in err
    code, told, _ = run(*asked, "--out", tmp_path / "again.parquet", "--json")
    same = json.loads(told)
    assert (same["written"], same["sent_before"]) == (first["without_items"], first["written"])
    assert same["held_before"] == same["held_out"] == first["held_out"]
    code, told, _ = run(*asked[:-2], "--out", tmp_path / "no.csv", "--lang", "en")
    assert f"left out: {first['written']} who were sent a list of the name segment:loyal" in told
    assert f"of those held out, {first['held_out']} were held out of an earlier list" in told
    to_all = (*asked, "--json", "--holdout", 0)
    code, told, _ = run(*to_all, "--name", "2", "--out", tmp_path / "2.parquet")
    items = [f"item_{place}" for place in (1, 2, 3)]
    both = table.join(pl.read_parquet(tmp_path / "2.parquet"), on="customer_id", suffix="_2")
    again = [
        set(row[:3]) & set(row[3:])
        for row in both.select(*items, *(f"{name}_2" for name in items)).iter_rows()
    ]
    assert len(again) == table.height
    assert not any(again), "no item is repeated"
    code, told, _ = run(*to_all, "--name", "3", "--out", tmp_path / "3.parquet")
    assert json.loads(told)["written"] == first["held_out"], "who had one alone"
    code, told, _ = run(*to_all, "--name", "4", "--out", tmp_path / "4.parquet")
    assert json.loads(told)["written"] == 0, "two messages in a week are enough"
    code, told, err = run("audience", "--segment", "loyal", "--out", tmp_path / "4.csv")
    assert code == 0
    counts = r"\(\d+ capped, \d+ held out, \d+ without items\)"
    assert re.search(rf"4\.csv: \d+ customers of \d+ chosen {counts}", told)
    assert "segment:loyal" in err, "progress"
    _, told, _ = run("audience", "--segment", "loyal", "--lang", "zh", "--out", tmp_path / "5.csv")
    assert re.search(r"5\.csv：选中\d+位客户，写入\d+位（达到联系上限\d+位，留作对照\d+位，", told)
    assert not re.search("customers|capped|held", told)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--segment", "gold"), "unknown segment 'gold'; known: advocate, at_risk, "),
        (("--campaign", "spring"), "unknown campaign 'spring'; known: none"),
        (("--after", "cheese"), "unknown list 'cheese'; known: none"),
        (("--segment", "loyal", "--slot", "banner"), "unknown slot 'banner'; known: cart, home"),
        (("--segment", "loyal", "--lang", "fr"), "--lang fr: must be en or zh"),
        (("--segment", "loyal", "--suppress", "no.txt"), "no.txt: must be a text file in UTF-8"),
    ],
)
def test_a_misspelt_name_is_told_before_a_bundle_is_read(
    words: tuple[str, ...], fault: str, caini: Caini, tmp_path: Path
) -> None:
    """No bundle is there at all."""
    where = ("--bundles", tmp_path / "b", "--config", CONFIG, "--out", tmp_path / "x.csv")
    code, _, err = caini("audience", *where, *words)
    assert (code, fault in err, "published" in err) == (2, True, False)
    assert not list(tmp_path.iterdir()), "and nothing is made"


def test_lists_about_an_item_a_brand_and_a_second_wave(run: Caini, tmp_path: Path) -> None:
    asked = ("audience", "--size", 30, "--n", 2, "--json", "--out")
    code, *_ = run(*asked, tmp_path / "i.parquet", "--item", "formula-001", "--name", "milk")
    assert code == 0
    about = pl.read_parquet(tmp_path / "i.parquet")
    assert set(about["item_1"]) == {"formula-001"}
    code, *_ = run(*asked, tmp_path / "w.parquet", "--after", "milk")
    assert code == 0
    assert set(pl.read_parquet(tmp_path / "w.parquet")["customer_id"]) == set(about["customer_id"])
    code, _, err = run(*asked, tmp_path / "x.csv", "--after", "cheese")
    assert (code, "unknown list 'cheese'; known: after:milk, milk" in err) == (2, True)
    code, _, _ = run(*asked, tmp_path / "b.csv", "--brand", "Beiya", "--lang", "zh")
    assert code == 0
    assert "Beiya" in (tmp_path / "b.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--segment", "gold", "--out", "a.csv"), "unknown segment 'gold'; known: "),
        (("--item", "gold", "--out", "a.csv"), "unknown item 'gold'\n"),
        (("--brand", "gold", "--out", "a.csv"), "unknown brand 'gold'; known: "),
        (("--item", "formula-1", "--out", "a.csv"), "'formula-1'; did you mean formula-0"),
        (("--brand", "beya", "--out", "a.csv"), "unknown brand 'beya'; did you mean Beiya? known"),
        (("--category", "formula", "--out", "a.csv"), "'formula'; did you mean baby > formula? kn"),
        (("--segment", "dormnt", "--out", "a.csv"), "'dormnt'; did you mean dormant? known: "),
        (("--category", "gold", "--out", "a.csv"), "unknown category 'gold'; known: "),
        (("--segment", "new", "--slot", "gold", "--out", "a.csv"), "unknown slot 'gold'"),
        (("--segment", "new", "--out", "a.xls"), "must end in .csv or .parquet"),
        (("--out", "a.csv"), "name exactly one of --segment, --item"),
        (("--segment", "new", "--item", "x", "--out", "a.csv"), "name exactly one of"),
        (("--segment", "new", "--now", "soon", "--out", "a.csv"), "--now soon: write it like"),
        (("--segment", "new", "--hash-salt", SALT, "--out", "a.csv"), f"--hash-salt {SALT}: "),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_can(
    words: tuple[str, ...], fault: str, run: Caini
) -> None:
    code, out, err = run("audience", *words)
    assert (code, out) == (2, "")
    assert fault in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--segment", "dormnt"), "没有名为 'dormnt' 的分群；您是否要写 dormant？现有：advocate, "),
        (("--item", "formula-1"), "没有名为 'formula-1' 的商品；您是否要写 formula-0"),
        (("--item", "zzzzzz"), "没有名为 'zzzzzz' 的商品\n"),
        (("--brand", "zzzzzz"), "没有名为 'zzzzzz' 的品牌；现有："),
        (("--category", "formula"), "没有名为 'formula' 的品类；您是否要写 baby > formula？现有："),
        (("--after", "cheese"), "没有名为 'cheese' 的名单；现有：无\n"),
        (("--segment", "new", "--slot", "hom"), "没有名为 'hom' 的推荐栏；您是否要写 home？现有"),
    ],
)
def test_a_name_that_there_is_not_is_told_in_chinese_where_asked_for(
    words: tuple[str, ...], said: str, run: Caini
) -> None:
    code, _, err = run("audience", *words, "--out", "a.csv", "--lang", "zh")
    assert code == 2
    assert err.startswith(f"caini: 错误：{said}")
    assert "unknown" not in err


def test_that_nothing_is_published_is_told_in_chinese_too(caini: Caini, tmp_path: Path) -> None:
    asked = ("segments", "--bundles", tmp_path, "--config", CONFIG)
    code, _, err = caini(*asked, "--lang", "zh")
    assert (code, err) == (
        4,
        f"caini: 错误：{tmp_path}：尚未发布任何模型包；请先运行 caini train\n",
    )
    code, _, err = caini(*asked, "--lang", "en")
    assert (code, "error: " in err, "nothing is published here" in err) == (4, True, True)


CAMPAIGN = """
[[campaigns]]
name = "milk"
label = { en = "milk", zh = "奶粉" }
starts_at = 2026-01-01T00:00:00+08:00
ends_at = 2026-02-01T00:00:00+08:00
wave_days = 2
categories = ["baby > formula"]
"""


def test_P5_a_campaign_is_written_to_by_waves_and_with_its_items(
    run: Caini, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    shop = (config / "shop.toml").read_text(encoding="utf-8").replace("= 5000", "= 200") + CAMPAIGN
    shop = shop.replace("messages = 2 ", "messages = 99 ").replace(
        "repeat_days = 30", "repeat_days = 0"
    )
    (config / "shop.toml").write_text(shop, encoding="utf-8")
    asked = ("audience", "--campaign", "milk", "--n", 2, "--json", "--config", config)
    tiers = []
    for day in (1, 3, 5, 7):
        out = tmp_path / f"{day}.parquet"
        code, _, err = run(*asked, "--name", day, "--now", f"2026-01-0{day}", "--out", out)
        assert (code, err) == (0, "")
        tiers.append(set(pl.read_parquet(out)["tier"]))
    assert tiers == [{"diamond"}, {"star_2"}, {"star_1"}, {None}], "each wave is sent it once"
    zh = ("--now", "2026-01-07", "--lang", "zh", "--out", tmp_path / "8.csv")
    told = run(*asked[:5], *asked[6:], *zh)[1]
    assert re.search(r"写入0位.*\n不再发送：\d{3}位客户已收到过此活动的名单", told)
    titles = pl.read_parquet(tmp_path / "7.parquet")["item_1"].drop_nulls()
    assert titles.str.starts_with("formula-").all()
    code, _, err = run(*asked, "--now", "2026-02-02", "--name", "late", "--out", tmp_path / "l.csv")
    assert code == 0, "it is over for everybody"
    assert pl.read_csv(tmp_path / "l.csv").is_empty()
    code, _, err = run(*asked[:2], "cheese", *asked[3:], "--out", tmp_path / "x.csv")
    assert (code, "unknown campaign 'cheese'; known: milk" in err) == (2, True)
    (config / "shop.toml").write_text(
        shop.replace("ready_members = 200", "ready_members = 5000"), encoding="utf-8"
    )
    code, _, err = run(*asked, "--out", tmp_path / "x.csv")
    assert (code, "not_ready: campaigns start at 5,000 members" in err) == (2, True)


def test_P3_a_list_and_a_trigger_have_the_tiers_that_the_shops_prices_go_by(
    run: Caini, tmp_path: Path
) -> None:
    """A lowest tier that was added since the training is nobody's yet, and shifts nobody."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    shop = (config / "shop.toml").read_text(encoding="utf-8")
    bronze = '[[loyalty.tiers]]\nname = "bronze"\nlabel = { en = "bronze", zh = "铜" }\n'
    bronze += "points = 1\nprice = 0.98\nvoucher = 1\n\n"
    shop = shop.replace("[[loyalty.tiers]]", f"{bronze}[[loyalty.tiers]]", 1)
    shop += SPENT + 'when = { field = "tier", op = "=", value = "bronze" }\n'
    (config / "shop.toml").write_text(shop, encoding="utf-8")
    asked = ("audience", "--segment", "loyal", "--n", 1, "--quiet")
    code, _, err = run(*asked, "--name", "a", "--out", tmp_path / "a.parquet")
    assert (code, err) == (0, "")
    (tmp_path / "ledger").unlink()
    code, _, err = run(*asked, "--config", config, "--name", "a", "--out", tmp_path / "b.parquet")
    assert (code, err) == (0, "")
    before, after = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in "ab")
    assert before.equals(after)
    assert {"star_1", None} <= set(after["tier"])
    when = ("--now", NOW, "--config", config)
    code, told, err = run("triggers", "--dry-run", *when)
    assert (code, err) == (0, "")
    assert '"tier": "bronze"' not in told
    code, told, _ = run(*asked[:2], "spent", *asked[3:], *when, "--out", tmp_path / "c.csv")
    assert code == 0
    assert pl.read_csv(tmp_path / "c.csv").is_empty()


def test_hashed_ids_come_with_a_salt_from_the_environment(
    run: Caini, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SALT, "sixteen letters.")
    out = tmp_path / "a.csv"
    assert run("audience", "--segment", "new", "--hash-salt", SALT, "--out", out)[0] == 0
    assert pl.read_csv(out)["customer_id"].str.contains("^[0-9a-f]{64}$").all()


def test_triggers_are_tried_told_and_told_once(run: Caini, tmp_path: Path) -> None:
    code, dry, _ = run("triggers", "--now", NOW, "--dry-run")
    lines = [json.loads(line) for line in dry.splitlines()]
    assert code == 0
    assert {"due", "wake_up"} <= {line["trigger"] for line in lines}
    assert len({line["id"] for line in lines}) == len(lines)
    assert all(line["channel"] and 0 <= line["hour"] < 24 for line in lines)
    out = tmp_path / "a.jsonl"
    code, told, _ = run("triggers", "--now", NOW, "--out", out, "--json")
    assert (code, sum(json.loads(told)["written"].values())) == (0, len(lines))
    assert out.read_text(encoding="utf-8") == dry
    code, told, _ = run("triggers", "--now", NOW, "--out", tmp_path / "b.jsonl")
    assert (code, "nobody (0 capped)" in told) == (0, True)
    assert (tmp_path / "b.jsonl").read_text(encoding="utf-8") == ""
    _, told, _ = run("triggers", "--now", NOW, "--out", tmp_path / "c.jsonl", "--lang", "zh")
    assert told == f"{tmp_path / 'c.jsonl'}：无人（因联系上限推迟0条）\n"


def test_what_triggers_wrote_is_told_by_labels_in_chinese(run: Caini, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    _, told, _ = run("triggers", "--now", NOW, "--out", out, "--lang", "zh")
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    counts = Counter(line["label"]["zh"] for line in lines)
    parts = re.fullmatch(r".*a\.jsonl：(.*)（因联系上限推迟\d+条）\n", told)
    assert parts
    assert set(parts[1].split("，")) == {f"{label}{n}条" for label, n in counts.items()}
    assert len(counts) >= 2
    code, _, err = run("triggers", "--dry-run", "--lang", "fr")
    assert (code, "--lang fr: must be en or zh" in err) == (2, True)


def test_triggers_need_a_file_or_a_dry_run(run: Caini, tmp_path: Path) -> None:
    assert run("triggers")[0] == 2
    assert run("triggers", "--dry-run", "--out", tmp_path / "a.jsonl")[0] == 2
    code, out, _ = run("triggers", "--out", tmp_path / "a.jsonl", "--quiet", "--channel", "email")
    assert (code, out) == (0, "")
