"""The command, verb by verb, on the small simulated shop."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from training.log import read_log, write_log


@pytest.fixture
def run(caini: Caini, few: Path) -> Caini:
    """A verb with the shop's settings and few who judge, unless others are named."""

    def of(*words: object) -> tuple[int, str, str]:
        return caini(*words, *(() if "--config" in words else ("--config", few)))

    return of


def test_help_answers_fast_and_loads_neither_side() -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "caini", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "recommend" in told.stdout
    for library in ("polars", "implicit", "fastapi", "redis", "faiss", "numpy"):
        assert f" {library}\n" not in told.stderr


def test_train_measures_and_publishes(small_log: Path, tmp_path: Path, run: Caini) -> None:
    words = ("train", "--log", small_log, "--out", tmp_path / "b", "--config", CONFIG)
    code, out, _ = run(*words, "--json")
    told = json.loads(out)
    assert code == 0
    assert (tmp_path / "b" / "current").read_text().strip() == told["version"]
    assert told["metrics"]["personal"]["everything"]["recall@20"] > 0


def test_train_prints_tables_for_people_and_nothing_when_quiet(
    small_log: Path, tmp_path: Path, run: Caini
) -> None:
    code, out, _ = run("train", "--log", small_log, "--out", tmp_path, "--quiet")
    assert (code, out) == (0, "")
    code, out, _ = run("train", "--log", small_log, "--out", tmp_path)
    assert code == 0
    assert "All purchases" in out
    assert "is live in" in out


def test_evaluate_prints_every_source(small_log: Path, run: Caini) -> None:
    code, out, _ = run("evaluate", "--log", small_log, "--json")
    told = json.loads(out)
    assert code == 0
    assert {"personal", "popular", "similar", "als", "again"} <= set(told)
    code, out, _ = run("evaluate", "--log", small_log)
    assert code == 0
    assert "Not bought before" in out


def test_evaluate_tells_intervals_and_groups(small_log: Path, run: Caini) -> None:
    asked = ("evaluate", "--log", small_log, "--no-search", "--models", "personal,popular")
    code, out, _ = run(*asked, "--json")
    told = json.loads(out)
    assert code == 0
    for name in ("personal", "popular"):
        found = told["intervals"][name]["new_items"]["ndcg@10"]
        assert found["low"] <= told[name]["new_items"]["ndcg@10"] <= found["high"]
        assert {"precision@10", "hit_rate@10", "mrr@10", "map@20"} <= set(
            told["intervals"][name]["everything"]
        )
    assert told["search"] == {}
    personal, popular = (told["shown"][name]["new_items"] for name in ("personal", "popular"))
    assert personal["coverage"] > popular["coverage"], "more of the catalogue is shown"
    assert personal["gini"] < popular["gini"]
    assert personal["novelty_bits"] > popular["novelty_bits"]
    assert personal["popularity_lift"] < popular["popularity_lift"]
    assert 0 < personal["margin@20"] < personal["price@20"]
    code, out, _ = run(*asked, "--segments")
    assert code == 0
    assert "±" in out
    assert "history" in out
    assert "popularity_lift" in out
    code, _, err = run("evaluate", "--log", small_log, "--split", "tomorrow")
    assert code == 2
    assert "time:28d" in err


def test_recommend_shows_a_slate_in_the_language_asked_for(trained: Trained, run: Caini) -> None:
    asked = ("recommend", "--bundles", trained.bundles, "--customer", "mei", "--slot", "my")
    code, out, _ = run(*asked, "--n", "3", "--json", "--lang", "zh")
    told = json.loads(out)
    assert code == 0
    assert [item["position"] for item in told["items"]] == [1, 2, 3]
    assert told["customer"]["customer_id"] == "mei"
    assert told["customer"]["stage"] != "potential"
    code, out, _ = run(*asked)
    assert code == 0
    assert "my for mei" in out
    code, out, _ = run("recommend", "--bundles", trained.bundles, "--search", "coffee")
    assert code == 0
    assert "home for nobody (unknown)" in out


def test_in_chinese_all_that_recommend_says_is_chinese(trained: Trained, run: Caini) -> None:
    asked = ("recommend", "--bundles", trained.bundles, "--slot", "my", "--lang", "zh")
    code, out, _ = run(*asked, "--customer", "mei")
    title, heads = out.splitlines()[:2]
    assert code == 0
    assert title.startswith("mei · 猜您喜欢 (my)（分群 ")
    assert "，阶段 " in title
    assert "，价值 " in title
    assert not re.search("[a-z]", title.removeprefix("mei · 猜您喜欢 (my)"))
    assert heads.split() == ["位置", "商品编号", "名称", "得分", "来源", "推荐理由"]
    assert run(*asked)[1].startswith("新访客 · 猜您喜欢 (my)（未知）")


def test_recommend_names_what_there_is_when_asked_for_what_is_not(
    trained: Trained, run: Caini
) -> None:
    code, _, err = run("recommend", "--bundles", trained.bundles, "--slot", "banner")
    assert code == 2
    assert "unknown slot 'banner'; known: cart, home, item, list, my, search" in err
    code, _, err = run("recommend", "--bundles", trained.bundles, "--lang", "fr")
    assert code == 2
    assert "must be en or zh" in err


def test_batch_says_so_where_there_is_no_folder(
    trained: Trained, tmp_path: Path, run: Caini
) -> None:
    out = tmp_path / "nowhere" / "recs.parquet"
    code, _, err = run("batch", "--bundles", trained.bundles, "--slot", "home", "--out", out)
    assert code == 2
    assert "nowhere does not exist" in err.replace("\n", " ")
    assert not out.parent.exists()


def test_batch_writes_a_table(trained: Trained, tmp_path: Path, run: Caini) -> None:
    asked = ("batch", "--bundles", trained.bundles, "--n", "3", "--out")
    code, out, _ = run(*asked, tmp_path / "a.parquet", "--json")
    told = json.loads(out)
    assert code == 0
    assert pl.read_parquet(tmp_path / "a.parquet").height == told["lines"] == 3 * told["customers"]
    code, out, err = run(*asked, tmp_path / "b.parquet", "--repeat", "always")
    assert code == 0
    assert "customers a second" in out
    assert f"{told['customers']}/{told['customers']}" in err, "progress, on standard error"
    assert not pl.read_parquet(tmp_path / "a.parquet").equals(
        pl.read_parquet(tmp_path / "b.parquet")
    )
    quiet = run(*asked, tmp_path / "c.parquet", "--repeat", "never", "--quiet")
    assert quiet == (0, "", "")
    code, _, err = run(*asked, tmp_path / "d.parquet", "--repeat", "sometimes")
    assert code == 2
    assert "--repeat sometimes: must be one of never, when_due, always" in err


def test_report_writes_a_page_and_its_tables(trained: Trained, tmp_path: Path, run: Caini) -> None:
    words = ("report", "--bundles", trained.bundles, "--log", trained.log, "--out", tmp_path)
    code, out, _ = run(*words, "--lang", "zh", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["language"] == "zh"
    page = Path(told["out"])
    assert page == tmp_path / "report-zh.html"
    assert "商品运营报告" in page.read_text("utf-8")
    assert len(list((tmp_path / "tables-zh").glob("*.csv"))) > 20
    assert run(*words, "--quiet") == (0, "", "")
    assert (tmp_path / "report-en.html").is_file()


def test_report_refuses_another_log_and_names_the_versions(
    trained: Trained, tmp_path: Path, run: Caini
) -> None:
    other = tmp_path / "other.parquet"
    log = read_log(trained.log)
    write_log(log.frame.head(1000), log.header, other)
    words = ("report", "--bundles", trained.bundles, "--out", tmp_path)
    code, _, err = run(*words, "--log", other)
    assert code == 3
    assert "this is not the log of bundle" in err
    code, _, err = run(*words, "--log", trained.log, "--version", "nonsense")
    assert code != 0
    assert "nonsense" in err
    code, _, err = run(*words, "--log", trained.log, "--lang", "fr")
    assert code == 2
    assert "must be en or zh" in err


def test_versions_and_rollback(
    trained: Trained, few: Path, tmp_path: Path, caini: Caini, run: Caini
) -> None:
    bundles = tmp_path / "bundles"
    shutil.copytree(trained.bundles, bundles)
    first = (bundles / "current").read_text().strip()
    other = tmp_path / "config"
    shutil.copytree(few, other)
    settings = other / "train.toml"
    settings.write_text("seed = 8\n" + settings.read_text())
    assert (
        run("train", "--log", trained.log, "--out", bundles, "--config", other, "--quiet")[0] == 0
    )
    code, out, _ = caini("versions", "--bundles", bundles, "--json")
    told = json.loads(out)
    assert code == 0
    assert [line["live"] for line in told] == [False, True]
    table = caini("versions", "--bundles", bundles)[1]
    assert table.count("→") == 1
    recall = told[1]["metrics"]["personal"]["everything"]["recall@20"]
    assert [f"{recall:.4f}" in line for line in table.splitlines() if "→" in line] == [True]
    started = time.monotonic()
    code, out, _ = caini("rollback", "--bundles", bundles)
    assert code == 0
    assert time.monotonic() - started < 5
    assert out.startswith(f"{first} is live")
    code, out, _ = caini("rollback", told[1]["version"], "--bundles", bundles, "--json")
    assert json.loads(out) == {"before": first, "current": told[1]["version"]}
    code, _, err = caini("rollback", "nothing", "--bundles", bundles)
    assert code == 2
    assert "unknown version 'nothing'" in err


def test_versions_of_another_format_are_listed_and_told(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    shutil.copytree(trained.bundles, tmp_path / "b")
    version = (tmp_path / "b" / "current").read_text().strip()
    newer = tmp_path / "b" / "20991231-000000000000"
    shutil.copytree(tmp_path / "b" / version, newer)
    manifest = json.loads((newer / "manifest.json").read_text()) | {"schema_version": 99}
    (newer / "manifest.json").write_text(json.dumps(manifest))
    code, out, _ = caini("versions", "--bundles", tmp_path / "b")
    assert code == 0
    assert all(told in out for told in (version, newer.name, "bundle format 99; this code reads"))
    told = {
        one["version"]: one
        for one in json.loads(caini("versions", "--bundles", tmp_path / "b", "--json")[1])
    }
    assert told[version]["live"] is True
    assert told[newer.name]["live"] is False
    assert "bundle format 99" in told[newer.name]["unreadable"]


def test_a_verb_on_a_folder_without_bundles_says_what_to_do(
    tmp_path: Path, run: Caini, caini: Caini
) -> None:
    code, _, err = run("recommend", "--bundles", tmp_path)
    assert code == 4
    assert "nothing is published here; run caini train first" in err
    assert caini("versions", "--bundles", tmp_path / "nothing")[0] == 4


def test_import_reads_events(tmp_path: Path, caini: Caini) -> None:
    source = tmp_path / "events.jsonl"
    source.write_text(
        json.dumps(
            {
                "event_id": "1",
                "type": "view",
                "at": "2026-01-01T00:00:00Z",
                "customer_id": "c",
                "item_id": "i",
            }
        )
        + "\n"
    )
    code, out, _ = caini(
        "import", source, "--format", "events", "--out", tmp_path / "log.parquet", "--json"
    )
    assert code == 0
    assert json.loads(out)["events"] == 1
    code, _, err = caini(
        "import", tmp_path / "no.csv", "--format", "events", "--out", tmp_path / "x.parquet"
    )
    assert code == 3
    assert "no.csv" in err


def test_a_reader_that_leaves_is_no_error() -> None:
    told = subprocess.run(
        f"{sys.executable} -m caini doctor --schema --config {CONFIG} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.startswith("{")
    assert "Traceback" not in told.stderr
