"""A job that is killed at any stage, and started again."""

import os
import signal
from pathlib import Path

from tests.killed import killed
from tests.training.jobs import longer, ran, reused
from training import release as release_module
from training.job import Job
from training.publish import current, versions
from training.records import record_of
from training.stages import WORK, Document


def _run_until(job: Job, step: str) -> None:
    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    write = release_module.write_record

    def dies(bundles: Path, version: str, record: Document) -> None:
        if record["published"]:
            kill()
        write(bundles, version, record)

    release_module.write_record = dies
    ran(job, say=lambda said: kill() if said == step else None)


def test_a_run_killed_at_any_stage_is_taken_up_there(job: Job) -> None:
    done: dict[str, int] = {}
    for step, kept in (
        ("search", set()),
        ("hold-out: judge", {"search"}),
        ("factors", {"search", "measure"}),
        ("gate", {"search", "measure", "fit"}),
        ("after the pointer", {"search", "measure", "fit", "gate"}),
    ):
        killed(_run_until, job, step)
        made = {
            path.stem: path.stat().st_mtime_ns for path in (job.bundles / WORK).glob("*/*.json")
        }
        assert set(made) == kept
        assert done.items() <= made.items(), "nothing is done twice"
        done = made

    def never() -> Document:
        raise AssertionError("a longer log would undo what was done")

    result = ran(job, archive=never)
    assert result.status == "published"
    assert all(reused(result).values())
    assert versions(job.bundles) == [result.version] == [current(job.bundles)]
    assert (record_of(job.bundles, str(result.version)) or {})["published"]
    assert ran(job).status == "unchanged"


def _run_until_cut(job: Job) -> None:
    ran(job, cut=lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_run_killed_after_its_publish_is_finished_by_the_next(live: Job) -> None:
    before = current(live.bundles)
    longer(live, 0.01)
    killed(_run_until_cut, live)
    version = current(live.bundles)
    assert version != before
    cuts: list[str] = []

    def cut() -> Document:
        cuts.append("cut")
        return {}

    done = ran(live, cut=cut)
    assert (done.status, done.version, done.stages) == ("unchanged", version, {})
    assert cuts == ["cut"]
    assert not list((live.bundles / WORK).iterdir())
    ran(live, cut=cut)
    assert cuts == ["cut"], "once is enough"
