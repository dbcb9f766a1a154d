"""`caini retrain` from end to end: a store, a log, a real server before the publish."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from caini.rehearsal import answers, generated, read_recorded, rehearsal
from engine.bundle_files import read_bundle
from engine.errors import ConfigError
from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from tests.servers import processes_of, publish_tea
from training.publish import current, publish


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    simulated = simulate(DemoConfig(customers=90, items=80, days=120, end=now))
    write_simulated(simulated, tmp_path / "log.parquet")
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / "train.toml").write_text(
        "[als]\nfactors = 8\n[evaluation]\ncustomers = 20\n"
        "[gate]\ncustomers = 40\nrequests = 'asked.jsonl'\n"
    )
    (tmp_path / "config" / "asked.jsonl").write_text('{"slot": "home", "n": 3}\n')
    return tmp_path


def test_a_night_and_the_next(shop: Path, caini: Caini) -> None:
    words = ("retrain", "--log", shop / "log.parquet", "--out", shop / "bundles", "--config",
             shop / "config", "--data", shop / "store")  # fmt: skip
    code, out, err = caini(*words, "--json")
    assert code == 0
    told = json.loads(out)
    stages = [line.split(" ", 2)[2] for line in err.splitlines() if line.startswith("retrain: ")]
    assert [each for each in ("archive", "check", "gate", "publish", "cut") if each in stages] == [
        "archive", "check", "gate", "publish", "cut"
    ]  # fmt: skip
    assert stages[-1].startswith("done in ")
    assert (told["status"], told["exit_code"], told["error"]) == ("published", 0, None)
    assert told["archived"]["events"] == 0
    assert told["cut"]["from_stream"] == 0
    assert [f["severity"] for f in told["gate"] if f["check"] == "server"] == ["ok"]
    assert json.loads((shop / "bundles" / "retrain.json").read_text()) == told
    assert told["report"]["languages"] == ["en", "zh"]
    page = shop / "bundles" / "reports" / told["version"] / "report-zh.html"
    page.unlink()
    code, out, _ = caini(*words)
    assert (code, "unchanged: " in out, f"report: {page.parent}" in out) == (0, True, True)
    assert page.is_file()
    (shop / "config" / "asked.jsonl").write_text('{"slot": "banner"}\n')
    code, _, err = caini(*words, "--quiet")
    assert (code, "unknown-slot" in err) == (7, True)
    left = json.loads((shop / "bundles" / "retrain.json").read_text())
    assert (left["status"], left["kind"]) == ("failed", "BundleRefused")
    assert current(shop / "bundles") == told["version"]
    last = ended(caini(*words))
    assert re.fullmatch(rf"refused: \S+ is not published; {told['version']} stays live", last)
    last = ended(caini(*words, "--dry-run"))
    assert re.fullmatch(rf"refused: \S+ would not be published; {told['version']} stays live", last)
    last = ended(caini(*words, "--dry-run", "--override", "banner is to come"))
    assert re.fullmatch(rf"dry run: \S+ would be published; {told['version']} stays live", last)
    code, out, _ = caini(*words, "--dry-run", "--json", "--override", "banner is to come")
    assert (code, json.loads(out)["waiting"]) == (0, 0)
    code, out, _ = caini(*words, "--override", "banner is to come")
    assert (code, "errors were overridden: banner is to come" in out) == (0, True)


def ended(told: tuple[int, str, str]) -> str:
    """The line that says what became of the run; errors that were overridden come after it."""
    lines = [line for line in told[1].splitlines() if line and "overridden" not in line]
    return next(line for line in reversed(lines) if line.startswith(("refused", "dry", "failed")))


def test_a_log_that_is_not_fit_is_refused_in_a_line(shop: Path, caini: Caini) -> None:
    log, items = shop / "log.parquet", shop / "log.items.parquet"
    pl.read_parquet(items).head(3).write_parquet(items)
    words = ("retrain", "--log", log, "--out", shop / "bundles", "--config", shop / "config",
             "--data", shop / "store", "--dry-run")  # fmt: skip
    told = caini(*words)
    assert (told[0], ended(told)) == (
        6, "refused: the log is not fit to train on; nothing stays live",
    )  # fmt: skip
    (shop / "config" / "slots.toml").write_text("[home]\nsise = 3\n")
    told = caini(*words)
    assert (told[0], ended(told)) == (2, "failed: nothing was published")


def test_what_nobody_foresaw_is_left_in_the_result_too(shop: Path, caini: Caini) -> None:
    (shop / "bundles" / "retrain.json").parent.mkdir()
    (shop / "bundles" / ".token").mkdir()  # a folder where a number should be
    words = ("retrain", "--log", shop / "log.parquet", "--out", shop / "bundles", "--config",
             shop / "config", "--data", shop / "store")  # fmt: skip
    with pytest.raises(IsADirectoryError):
        caini(*words, "--quiet")
    told = json.loads((shop / "bundles" / "retrain.json").read_text())
    assert (told["status"], told["kind"], told["exit_code"]) == ("failed", "IsADirectoryError", 1)


def test_an_answer_from_another_version_and_a_server_that_does_not_start_are_faults(
    tmp_path: Path,
) -> None:
    publish_tea(tmp_path / "tea")
    (fault,) = answers(tmp_path / "tea", CONFIG, "another", [{"slot": "home"}])
    assert "answered from" in fault
    (fault,) = answers(tmp_path / "nothing", CONFIG, "any", [{"slot": "home"}])
    assert fault.startswith("the server does not start: ")


def test_a_server_that_dies_after_it_listened_is_told_with_its_own_words(tmp_path: Path) -> None:
    publish_tea(tmp_path)

    class Deadly(list[dict[str, object]]):
        """Whoever asks for the first request finds the server gone."""

        def __iter__(self) -> Iterator[dict[str, object]]:
            for pid in processes_of(tmp_path):
                os.kill(pid, signal.SIGKILL)
            yield {"slot": "home"}

    (fault,) = answers(tmp_path, CONFIG, "any", Deadly())
    assert fault.startswith("the server does not answer: ")
    assert '"event": "ready"' in fault or '"event":"ready"' in fault


def test_a_sound_bundle_answers_every_slot(trained: Trained, tmp_path: Path) -> None:
    bundle = read_bundle(trained.bundles / str(current(trained.bundles)))
    version = publish(bundle, tmp_path).version
    assert rehearsal(CONFIG, None)(tmp_path / version) == []
    slots = {request["slot"] for request in generated(bundle, {"home": None, "my": None})}  # type: ignore[dict-item]
    assert slots == {"home", "my"}


def test_a_recorded_request_that_is_none_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gate\.requests"):
        read_recorded(tmp_path, "nothing.jsonl")
    (tmp_path / "asked.jsonl").write_text('{"slot": "home"}\nhome\n')
    with pytest.raises(ConfigError, match=r"asked\.jsonl, line 2"):
        read_recorded(tmp_path, "asked.jsonl")
