"""A full disk while a verb writes: it names the place, and leaves what was there and no more."""

import json
import sqlite3
from pathlib import Path

import pytest

from engine.errors import NoRoom
from tests.caini.conftest import Caini
from tests.servers import no_file_above
from tests.training.jobs import job_in
from training.job import Job
from training.whole_file import room_in

ROOM = 8_192  # bytes a file: too few for a log, a stage's result or a model


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def training(job: Job) -> tuple[object, ...]:
    words = ("train", "--log", job.log, "--out", job.bundles, "--config", job.config)
    return (*words, "--no-search", "--quiet")


def assert_no_room(caini: Caini, words: tuple[object, ...], place: Path, room: int = ROOM) -> None:
    """One line that names the place."""
    with no_file_above(room):
        code, _, err = caini(*words)
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith(f"caini: error: {place}"), err
    assert "make room and start it again" in err


@pytest.mark.parametrize("wrong", [0, 2_000])
def test_an_import_names_its_folder_and_leaves_nothing(
    tmp_path: Path, caini: Caini, wrong: int
) -> None:
    source = tmp_path / "source.csv"
    lines = [f"{i},view,2025-11-01T00:00:00Z,c{i},item-{i}" for i in range(2_000)]
    lines += [f"{i},vieww,never,c{i},item-{i}" for i in range(wrong)]
    source.write_text("event_id,type,at,customer_id,item_id\n" + "\n".join(lines), "utf-8")
    words = ("import", source, "--format", "events", "--out", tmp_path / "new" / "log.parquet")
    words += ("--max-reject-share", "1", "--quiet")
    (tmp_path / "new").mkdir()
    assert_no_room(caini, words, tmp_path / "new")
    assert everything(tmp_path / "new") == set()
    code, _, err = caini(*words)
    assert code == 0, err


def test_a_training_names_the_bundles_and_what_is_live_stays(
    tiny: Path, tmp_path: Path, caini: Caini
) -> None:
    job = job_in(tiny, tmp_path)
    assert_no_room(caini, training(job), job.bundles)
    assert not [name for name in everything(job.bundles) if "unfinished" in name]


@pytest.mark.parametrize("room", [8, ROOM])
def test_a_retraining_tells_it_too_and_goes_on_when_there_is_room(
    tiny: Path, tmp_path: Path, caini: Caini, room: int
) -> None:
    job = job_in(tiny, tmp_path)
    with (job.config / "train.toml").open("a", encoding="utf-8") as file:
        file.write("[checks]\nage_days = { warning = 2, error = 99999 }\n")
    words = ("retrain", "--log", job.log, "--out", job.bundles, "--config", job.config)
    words += ("--no-search", "--quiet")
    assert_no_room(caini, words, job.bundles, room)
    result = job.bundles / "retrain.json"
    assert result.exists() == (room == ROOM), "no room for the result either"
    if result.exists():
        told = json.loads(result.read_text(encoding="utf-8"))
        assert (told["exit_code"], told["kind"]) == (1, "NoRoom")
    assert not [name for name in everything(tmp_path) if ".retrain.json." in name]
    code, _, err = caini(*words)
    assert code == 0, err


def test_what_is_made_of_a_bundle_names_the_place_too(
    tiny: Path, tmp_path: Path, caini: Caini
) -> None:
    job = job_in(tiny, tmp_path)
    code, _, err = caini(*training(job))
    assert code == 0, err
    (tmp_path / "out").mkdir()
    asking = ("--bundles", job.bundles, "--config", job.config)
    slates, tagged = tmp_path / "out" / "slates.parquet", tmp_path / "out" / "tags.csv"
    page = tmp_path / "out" / "page"
    verbs = {
        tmp_path / "out": [
            ("batch", *asking, "--out", slates, "--quiet"),
            ("tags", *asking, "--log", job.log, "--out", tagged, "--json"),
        ],
        page: [("report", *asking, "--log", job.log, "--out", page, "--quiet")],
    }
    for place, calls in verbs.items():
        for words in calls:
            assert_no_room(caini, words, place, room=64)
            assert not [name for name in everything(tmp_path / "out") if "part" in name]
            code, _, err = caini(*words)
            assert code == 0, err


def test_a_ledger_without_room_is_told_as_such(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute("CREATE TABLE messages (customer_id TEXT)")
    database.execute("PRAGMA max_page_count = 2")
    with pytest.raises(NoRoom, match=f"{tmp_path}: .*make room"), room_in(tmp_path):
        database.execute("INSERT INTO messages VALUES (?)", ("c" * 100_000,))
