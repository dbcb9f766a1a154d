"""The job of a schedule: started at any time, killed at any time, started again."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.bundle import SCHEMA_VERSION
from engine.bundle_files import read_manifest
from engine.errors import BundleRefused, ConfigError, DataRefused, LeaseError
from engine.types import DAY_MS
from tests.training.jobs import NOW, longer, outside, ran, reused
from training.findings import Severity, errors
from training.job import Job, Result
from training.lease import lease
from training.log import items_path, read_log, write_log
from training.publish import current, rollback, versions
from training.records import record_of, twin_of
from training.retrain import retrain
from training.stages import WORK, Document


def test_what_it_publishes_is_recorded_and_the_same_inputs_are_trained_once(job: Job) -> None:
    first = ran(job)
    assert (first.status, first.champion) == ("published", None)
    assert current(job.bundles) == first.version
    assert {finding.severity for finding in first.checks} == {Severity.OK}
    record = record_of(job.bundles, str(first.version))
    assert record is not None
    assert record["published"]
    assert record["inputs"] == first.inputs
    assert twin_of(job.bundles, str(first.version)).is_dir()
    assert not list((job.bundles / WORK).iterdir())
    again = ran(job)
    assert (again.status, again.version, again.stages) == ("unchanged", first.version, {})


def test_the_same_inputs_are_trained_again_where_bundles_have_another_format(
    live: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(live).status == "unchanged"
    monkeypatch.setattr("training.job.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert ran(live).status == "published"


def test_a_catalogue_that_is_gone_is_refused_and_what_is_live_stays(live: Job) -> None:
    items_path(live.log).unlink()
    result = Result()
    with pytest.raises(
        BundleRefused, match=r"lost_titles: 0\.0% of the items have a title, of the"
    ):
        retrain(live, outside(), result)
    assert {one.check for one in errors(result.gate)} >= {"lost_titles", "lost_prices"}
    assert current(live.bundles) == result.champion
    meant = replace(live, override="the catalogue comes tomorrow")
    assert ran(meant).override == "the catalogue comes tomorrow"


def test_a_new_event_or_another_setting_is_trained_on_and_old_versions_go(live: Job) -> None:
    told = [str(current(live.bundles))]
    longer(live)
    second = ran(live)
    assert (second.status, second.champion) == ("published", told[0])
    assert {"quality", "coverage", "freshness"} - {f.check for f in second.gate} == {"freshness"}
    told.append(str(second.version))
    settings = live.config / "train.toml"
    settings.write_text("seed = 8\n" + settings.read_text())
    third = ran(live)
    assert third.status == "published"
    assert third.removed == [told[0]]
    assert versions(live.bundles) == [told[1], third.version]
    assert not twin_of(live.bundles, told[0]).exists()
    assert record_of(live.bundles, told[0]), "why it was live is kept"


def test_what_was_rolled_back_is_not_published_again(live: Job) -> None:
    first = current(live.bundles)
    longer(live)
    second = ran(live).version
    assert rollback(live.bundles) == first
    again = ran(live)
    assert (again.status, again.version) == ("unchanged", second)
    assert current(live.bundles) == first


def test_the_search_goes_on_from_what_is_live_unless_it_is_told_not_to(live: Job) -> None:
    with (live.config / "train.toml").open("a") as settings:
        settings.write("[search]\nfewest_customers = 1\n")
    searching = replace(live, override="so few judge by chance")
    champion = read_manifest(live.bundles / str(ran(searching).version))
    longer(live, days=5)
    done = ran(searching, now=lambda: NOW + 10 * DAY_MS)
    made = read_manifest(live.bundles / str(done.version))
    assert made.search["log"] != champion.search["log"]
    assert made.search["start"] == champion.search["chosen"]
    off = replace(live, search=False, override="it may be worse")
    plain = ran(off, now=lambda: NOW + 11 * DAY_MS)
    assert plain.status == "published", "told otherwise, it is another run"
    assert read_manifest(live.bundles / str(plain.version)).search == {}


def test_what_the_gate_refuses_stays_out_until_somebody_says_why_not(live: Job) -> None:
    before = current(live.bundles)
    longer(live)
    with pytest.raises(BundleRefused, match="server: it fell over") as refused:
        ran(live, rehearse=lambda _: ["it fell over"])
    assert refused.value.exit_code == 7
    assert current(live.bundles) == before
    again = Result()
    with pytest.raises(BundleRefused):
        retrain(live, outside(), again)
    assert all(reused(again).values()), "the same question has the same answer"
    with pytest.raises(ConfigError, match="needs a reason"):
        ran(replace(live, override=" "))
    done = ran(replace(live, override="the server's host was full"))
    assert done.status == "published"
    record = record_of(live.bundles, str(done.version))
    assert record is not None
    assert record["override"] == "the server's host was full"
    assert any(finding["severity"] == "error" for finding in record["gate"])


def test_a_log_that_is_not_fit_is_not_trained_on(job: Job) -> None:
    steps: list[str] = []
    late = {"now": lambda: NOW + 40 * 86_400_000, "say": steps.append}
    with pytest.raises(
        DataRefused, match=r"freshness: the last event is 4\d\.\d days old"
    ) as refused:
        ran(job, **late)
    assert refused.value.exit_code == 6
    assert "raise `error` of age_days, in [checks] of train.toml" in str(refused.value)
    assert steps == ["check"]
    assert current(job.bundles) is None
    done = ran(replace(job, override="the shop was closed"), **late)
    assert (done.status, done.override) == ("published", "the shop was closed")


def test_a_log_that_shrank_is_not_trained_on(live: Job) -> None:
    log = read_log(live.log)
    write_log(log.frame.tail(len(log) // 2), log.header, live.log)
    with pytest.raises(DataRefused, match="fewer_events: "):
        ran(live)


def test_an_override_that_was_not_needed_leaves_no_trace(job: Job) -> None:
    done = ran(replace(job, override="just in case"))
    assert done.override is None


def test_a_dry_run_publishes_nothing_and_spares_the_next_run_the_work(job: Job) -> None:
    def never() -> Document:
        raise AssertionError("a dry run leaves the store alone")

    dry = ran(replace(job, dry_run=True), archive=never, cut=never)
    assert dry.status == "dry run"
    assert current(job.bundles) is None
    done = ran(job, archive=lambda: {"events": 0})
    assert (done.status, done.version) == ("published", dry.version)
    assert all(reused(done).values())
    assert done.archived == {"events": 0}


def test_a_dry_run_tells_how_many_events_wait_also_where_the_log_is_as_it_was(live: Job) -> None:
    done = ran(replace(live, dry_run=True), waiting=lambda: 3)
    assert (done.status, done.waiting, done.as_json()["waiting"]) == ("unchanged", 3, 3)
    assert ran(live, waiting=lambda: 3).waiting is None, "a run that archives leaves none"


def test_only_one_run_works_at_a_time(job: Job) -> None:
    with lease(job.bundles), pytest.raises(LeaseError, match="retrains into it"):
        ran(job)


def test_a_run_does_not_undo_what_was_made_live_while_it_worked(live: Job) -> None:
    first = current(live.bundles)
    longer(live)
    second = ran(live).version
    longer(live, 0.01)

    def roll_back_meanwhile(step: str) -> None:
        if step == "publish":
            rollback(live.bundles)

    with pytest.raises(LeaseError, match=f"{first} was made live while this run compared"):
        ran(live, say=roll_back_meanwhile)
    assert current(live.bundles) == first
    done = ran(live)
    assert done.champion == first != second
    assert reused(done) == {"search": True, "measure": True, "fit": True, "gate": False}


def test_a_damaged_live_bundle_is_replaced(live: Job) -> None:
    version = str(current(live.bundles))
    (live.bundles / version / "manifest.json").write_text("{}")
    longer(live)
    assert ran(live).status == "published"


def test_a_store_that_fails_at_the_end_is_told_and_no_failure(live: Job) -> None:
    def fails() -> Document:
        raise LeaseError("the store is down")

    longer(live)
    done = ran(live, cut=fails)
    assert (done.status, done.cut) == ("published", {"failed": "the store is down"})
    json.dumps(done.as_json())


def test_every_step_is_told(job: Job) -> None:
    steps: list[str] = []
    told: Callable[[str], None] = steps.append
    ran(job, say=told, archive=dict, cut=dict)
    assert [step for step in steps if step in ("archive", "check", "gate", "publish", "cut")] == [
        "archive", "check", "gate", "publish", "cut",
    ]  # fmt: skip
