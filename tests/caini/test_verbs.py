"""The command, verb by verb, on the small simulated shop."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl

from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from training.log import read_log, write_log


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
