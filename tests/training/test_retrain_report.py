"""A retraining ends with the merchandiser's report, which never stands in a good bundle's way."""

import json
import os
import shutil
import signal
from dataclasses import replace

import pytest

from engine.errors import ConfigError
from tests.killed import killed
from tests.training.jobs import longer, ran
from training.job import Job
from training.publish import current
from training.report.kept import MOST_TRIES, REPORTS
from training.stages import WORK


def told_in(languages: str, live: Job) -> Job:
    """Another configuration, so that the next run trains."""
    path = live.config / "train.toml"
    path.write_text(path.read_text().replace("languages = []", f"languages = {languages}"))
    longer(live, 0.01)
    return live


def pages(job: Job) -> list[str]:
    return sorted(
        str(path.relative_to(job.bundles / REPORTS))
        for path in (job.bundles / REPORTS).glob("*/*.html")
    )


def test_the_report_of_a_version_lies_beside_it_in_every_language(live: Job) -> None:
    done = ran(told_in('["en", "zh"]', live))
    assert done.report is not None
    assert done.report["languages"] == ["en", "zh"]
    assert pages(live) == [f"{done.version}/report-en.html", f"{done.version}/report-zh.html"]
    folder = live.bundles / REPORTS / str(done.version)
    assert {path.name for path in folder.iterdir()} == {
        "report-en.html", "report-zh.html", "tables-en", "tables-zh",
    }  # fmt: skip
    assert ran(live).report is None, "nothing to do when nothing changed"
    (folder / "report-zh.html").unlink()
    again = ran(live)
    assert (again.status, again.report and again.report["languages"]) == ("unchanged", ["zh"])


def test_what_only_the_report_asks_for_is_written_anew_and_trains_nothing(live: Job) -> None:
    longer(live, 0.01)
    version = ran(live).version
    path = live.config / "train.toml"
    text = path.read_text().replace("languages = []", 'languages = ["en"]')
    path.write_text(f"# a note\n{text}")
    done = ran(live)
    assert (done.status, done.version, done.stages) == ("unchanged", version, {})
    assert pages(live) == [f"{version}/report-en.html"]
    page = live.bundles / REPORTS / str(version) / "report-en.html"
    assert "Groups of fewer than 5 people are not shown." in page.read_text()
    path.write_text(f"{text}smallest_group = 9\n")
    done = ran(live)
    assert (done.status, done.report and done.report["languages"]) == ("unchanged", ["en"])
    assert "Groups of fewer than 9 people are not shown." in page.read_text()
    assert ran(live).report is None
    path.write_text(f"seed = 8\n{text}")
    assert ran(live).status == "published", "all else is trained on"


def test_a_report_goes_with_its_version_and_what_is_no_report_stays(live: Job) -> None:
    gone = ran(told_in('["en"]', live)).version
    (live.bundles / REPORTS / "notes").mkdir()
    longer(live, 0.01)
    ran(live)
    longer(live, 0.01)
    third = ran(live)
    assert gone in third.removed
    left = {path.name for path in (live.bundles / REPORTS).iterdir()}
    assert left == {"notes", third.champion, third.version}


def test_pages_with_groups_that_are_too_small_now_go_also_of_other_versions(live: Job) -> None:
    before = ran(told_in('["en"]', live)).version
    longer(live, 0.01)
    version = ran(live).version
    path = live.config / "train.toml"
    path.write_text(path.read_text() + "smallest_group = 9\n")
    assert [page.split("/")[0] for page in pages(live)] == sorted([str(before), str(version)])
    ran(live)
    assert pages(live) == [f"{version}/report-en.html"]


@pytest.mark.parametrize("damage", [b"\xff\xfe\xff", None])
def test_a_page_of_another_version_that_cannot_be_read_goes_and_stops_no_night(
    damage: bytes | None, live: Job
) -> None:
    """It may tell of anybody. None: a folder by the name of a page."""
    before = ran(told_in('["en"]', live)).version
    page = live.bundles / REPORTS / str(before) / "report-en.html"
    page.unlink()
    if damage is None:
        page.mkdir()
    else:
        page.write_bytes(damage)
    longer(live, 0.01)
    done = ran(live)
    assert done.status == "published"
    assert pages(live) == [f"{done.version}/report-en.html"]


def test_a_shop_may_want_none_and_a_dry_run_writes_none(live: Job) -> None:
    longer(live, 0.01)
    assert ran(live).report is None
    assert ran(replace(told_in('["en"]', live), dry_run=True)).report is None
    assert not (live.bundles / REPORTS).exists()


def test_a_report_that_fails_is_told_tried_again_and_wakes_nobody(live: Job) -> None:
    (live.bundles / REPORTS).write_text("a file where the folder should be")
    done = ran(told_in('["en"]', live))
    assert done.status == "published"
    assert current(live.bundles) == done.version
    assert done.report is not None
    assert "NotADirectoryError" in done.report["failed"]
    json.dumps(done.as_json())
    (live.bundles / REPORTS).unlink()
    ran(live)
    assert pages(live) == [f"{done.version}/report-en.html"]


def _run_until(job: Job, step: str) -> None:
    ran(job, say=lambda said: os.kill(os.getpid(), signal.SIGKILL) if said == step else None)


def test_a_run_killed_in_its_report_has_published_and_the_next_one_writes_it(live: Job) -> None:
    before = current(live.bundles)
    killed(_run_until, told_in('["en"]', live), "report: quality")
    version = current(live.bundles)
    assert version != before
    assert not list((live.bundles / WORK).iterdir())
    assert pages(live) == []
    done = ran(live)
    assert (done.status, done.version, done.stages) == ("unchanged", version, {})
    assert pages(live) == [f"{version}/report-en.html"]


def test_what_kills_every_run_is_left_alone_after_the_third(live: Job) -> None:
    told_in('["en"]', live)
    for _ in range(MOST_TRIES):
        killed(_run_until, live, "report: sales")
    done = ran(live)
    assert done.status == "unchanged"
    assert done.report == {"failed": "it was killed", "tries": MOST_TRIES}
    shutil.rmtree(live.bundles / REPORTS / str(done.version))
    assert ran(live).report is not None
    assert pages(live) == [f"{done.version}/report-en.html"]


@pytest.mark.parametrize("languages", ['["fr"]', '"en"'])
def test_a_language_that_nobody_wrote_is_a_wrong_setting(languages: str, live: Job) -> None:
    with pytest.raises(ConfigError, match=r"train\.toml: report\.languages"):
        ran(told_in(languages, live))
