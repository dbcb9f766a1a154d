"""Retraining on schedule: one job that may be started at any time, killed at any time, and again.

archive → check → measure → fit → gate → publish → retain → cut. What is live changes at the publish
alone, and only to what every step before has found good.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, Final

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import (
    BundleError,
    BundleRefused,
    CainiError,
    ConfigError,
    DataRefused,
    LeaseError,
)
from engine.types import DAY_MS
from training.assemble import Say, Source
from training.checks import check_log, rejected_share
from training.erasure import read_tombstones
from training.findings import Finding, Severity, errors, listed
from training.gate import Contest, Rehearse, judge
from training.lease import LIFE_S, lease
from training.log import items_path
from training.log_facts import LogFacts, log_facts
from training.publish import adopt, current, publish, retain
from training.records import (
    forget_twins,
    keep_twin,
    made_from,
    record_of,
    twin_of,
    write_record,
)
from training.retained import KEPT_DAYS, forget_erased
from training.stages import Document, Stages, digest_of, key_of_run
from training.train import (
    Settings,
    as_told,
    fit,
    live_manifest,
    measure,
    open_source,
    read_settings,
    searched,
    without_search,
)

RESULT: Final = "retrain.json"
SETTINGS: Final = ("shop.toml", "slots.toml", "train.toml")


@dataclass(frozen=True, slots=True)
class Job:
    log: Path
    bundles: Path
    config: Path
    items: Path | None = None
    dry_run: bool = False
    override: str | None = None  # why errors of checks and gate do not count this time
    search: bool = True  # False: as configured, whatever [search] says


@dataclass(frozen=True, slots=True)
class Outside:
    """All that the job needs of the world; what is None is left out."""

    now: Callable[[], int]
    say: Say
    rehearse: Rehearse | None = None
    archive: Callable[[], Document] | None = None
    cut: Callable[[], Document | None] | None = None
    lease_s: float = LIFE_S


@dataclass(slots=True)
class Result:
    """What schedulers read; grows while the job runs, so that a failure tells how far it came."""

    status: str = "running"  # then published, unchanged, dry run, or the kind of failure
    version: str | None = None
    champion: str | None = None  # what was live before
    inputs: dict[str, str] = field(default_factory=dict)
    archived: Document | None = None
    checks: list[Finding] = field(default_factory=list)
    gate: list[Finding] = field(default_factory=list)
    metrics: Document = field(default_factory=dict)
    stages: dict[str, Document] = field(default_factory=dict)
    override: str | None = None  # only where it was needed
    removed: list[str] = field(default_factory=list)
    cut: Document | None = None
    token: int | None = None

    def as_json(self) -> Document:
        return asdict(self)


def retrain(job: Job, outside: Outside, result: Result) -> None:
    """Fills `result`. Raises DataRefused, BundleRefused, LeaseError, or what a step raises."""
    if job.override is not None and not job.override.strip():
        raise ConfigError("--override needs a reason; it is kept with the version")
    with lease(job.bundles, life_s=outside.lease_s) as token:
        result.token = token
        _archive(job, outside, result)
        settings, source = read_settings(job.config), open_source(job.log, job.items)
        settings = settings if job.search else without_search(settings)
        result.inputs, result.champion = inputs_of(job), current(job.bundles)
        known = made_from(job.bundles, result.inputs)
        if known is not None:
            result.status, result.version = "unchanged", known
            return
        facts = _check(job, source, settings, outside, result)
        stages = Stages(job.bundles, key_of_run(result.inputs))
        stages.begin()
        result.stages = stages.told
        _make(job, source, settings, stages, outside, result)
        _judge(job, source, settings, stages, outside, result)
        if job.dry_run:
            stages.end()
            result.status = "dry run"
            return
        _publish(job, stages, facts, outside, result)
        _tidy(job, settings, stages, outside, result)


def inputs_of(job: Job) -> dict[str, str]:
    """Whatever of these changes, the bundle may; where none has, there is nothing to do."""
    items = items_path(job.log) if job.items is None else job.items
    settings = sorted({job.config / name for name in SETTINGS} | set(job.config.glob("*.jsonl")))
    return {
        "log": digest_of(job.log),
        "items": digest_of(items),
        "config": digest_of(*settings),
        "code": installed_version("caini"),
        "search": str(job.search),
    }


def _archive(job: Job, outside: Outside, result: Result) -> None:
    """Not while a killed run waits to be taken up: with a longer log, nothing of it would fit."""
    if outside.archive is None or job.dry_run:
        return
    waiting = job.log.is_file() and Stages(job.bundles, key_of_run(inputs_of(job))).unfinished()
    if not waiting:
        outside.say("archive")
        result.archived = outside.archive()


def _check(
    job: Job, source: Source, settings: Settings, outside: Outside, result: Result
) -> LogFacts:
    outside.say("check")
    now, config = outside.now(), settings.train.checks
    facts = log_facts(source.log, source.items, now)
    live = result.champion
    record = None if live is None else record_of(job.bundles, live)
    result.checks = check_log(
        facts,
        config,
        now=now,
        rejects=rejected_share(job.log, facts.events),
        last=live_manifest(job.bundles, live),
        last_kinds=None if record is None else record["facts"]["kinds"],
        timeless=source.header.timeless,
    )
    _refuse(DataRefused, result.checks, job, result)
    return facts


def _refuse(
    kind: type[DataRefused | BundleRefused], found: Sequence[Finding], job: Job, result: Result
) -> None:
    wrong = errors(found)
    if wrong and job.override is None:
        raise kind(listed(wrong))
    if wrong:
        result.override = job.override


def _make(
    job: Job, source: Source, settings: Settings, stages: Stages, outside: Outside, result: Result
) -> None:
    """The measured twin, then the bundle, each in the work folder."""
    twins, made = stages.folder / "twin", stages.folder / "made"

    def found() -> Document:
        live = live_manifest(job.bundles, result.champion)
        return searched(source, settings, live, outside.say).told

    def measured() -> Document:
        def keep(bundle: Bundle) -> None:
            publish(bundle, twins)

        return measure(source, tuned, outside.say, keep).as_json()

    def fitted() -> Document:
        bundle = fit(source, tuned, result.metrics, now=outside.now, say=outside.say, told=told)
        return {"version": publish(bundle, made).version}

    told = stages.once("search", found)
    tuned = as_told(settings, told)
    result.metrics = stages.once("measure", measured, lambda _: _whole(twins))
    result.version = stages.once("fit", fitted, lambda _: _whole(made))["version"]


def _whole(folder: Path) -> bool:
    version = current(folder)
    if version is None:
        return False
    try:
        read_bundle(folder / version)
    except BundleError:
        return False
    return True


def _judge(
    job: Job, source: Source, settings: Settings, stages: Stages, outside: Outside, result: Result
) -> None:
    """Against what is live now; a verdict about another champion is given anew."""
    outside.say("gate")
    live, version = result.champion, str(result.version)
    contest = Contest(
        stages.folder / "made" / version,
        _only(stages.folder / "twin"),
        None if live is None else job.bundles / live,
        None if live is None else twin_of(job.bundles, live),
    )

    def judged() -> Document:
        found = judge(contest, source, settings, outside.rehearse)
        return {"champion": live, "findings": [asdict(finding) for finding in found]}

    def same(verdict: Document) -> bool:
        return live == version or bool(verdict["champion"] == live)

    verdict = stages.once("gate", judged, same)
    result.gate = [_finding(one) for one in verdict["findings"]]
    if errors(result.gate) and job.override is None:
        stages.end()
    _refuse(BundleRefused, result.gate, job, result)


def _only(folder: Path) -> Path | None:
    version = current(folder)
    return None if version is None else folder / version


def _finding(told: dict[str, Any]) -> Finding:
    return Finding(told["check"], Severity(told["severity"]), told["said"], told["value"])


def _publish(job: Job, stages: Stages, facts: LogFacts, outside: Outside, result: Result) -> None:
    """The record says that it is on its way before the pointer moves, and that it arrived after."""
    outside.say("publish")
    version = str(result.version)
    if current(job.bundles) != result.champion:
        raise LeaseError(
            f"{job.bundles}: {current(job.bundles)} was made live while this run compared with "
            f"{result.champion}; nothing was published"
        )
    twin = _only(stages.folder / "twin")
    if twin is not None:
        keep_twin(job.bundles, version, twin)
    record = {
        "version": version,
        "champion": result.champion,
        "inputs": result.inputs,
        "facts": facts.as_json(),
        "checks": [asdict(finding) for finding in result.checks],
        "gate": [asdict(finding) for finding in result.gate],
        "override": result.override,
        "token": result.token,
        "at": outside.now(),
    }
    write_record(job.bundles, version, {**record, "published": False})
    adopt(stages.folder / "made" / version, job.bundles, token=result.token)
    write_record(job.bundles, version, {**record, "published": True})
    result.status = "published"


def _tidy(job: Job, settings: Settings, stages: Stages, outside: Outside, result: Result) -> None:
    """After the publish; whatever fails here is done by the next run."""
    result.removed = retain(job.bundles, settings.train.retention.versions)
    before = outside.now() - round(KEPT_DAYS * DAY_MS)
    result.removed += forget_erased(job.bundles, read_tombstones(job.log), before=before)
    forget_twins(job.bundles)
    stages.remove()
    if outside.cut is not None:
        outside.say("cut")
        try:
            result.cut = outside.cut()
        except CainiError as error:
            result.cut = {"failed": str(error)}
