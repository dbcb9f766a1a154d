"""Retraining on schedule: one job that may be started at any time, killed at any time, and again.

archive → check → search → measure → fit → gate → publish → retain → cut → report. What is live
changes at the publish alone, and only to what every step before has found good.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import (
    BundleError,
    BundleRefused,
    ConfigError,
    DataRefused,
)
from training.assemble import Source
from training.checks import check_log, rejected_share
from training.findings import Finding, Severity, errors, listed
from training.gate import Contest, judge
from training.job import Job, Outside, Result, inputs_of
from training.lease import lease
from training.log_facts import LogFacts, log_facts
from training.publish import current, publish
from training.ranker import learned_in
from training.records import made_from, record_of, twin_of
from training.release import only, release, report, tidy
from training.stages import Document, Stages, key_of_run
from training.train import (
    Settings,
    as_told,
    fit,
    live_manifest,
    measure,
    open_source,
    rankers,
    read_settings,
    searched,
)


def retrain(job: Job, outside: Outside, result: Result) -> None:
    """Fills `result`. Raises DataRefused, BundleRefused, LeaseError, or what a step raises."""
    if job.override is not None and not job.override.strip():
        raise ConfigError("--override needs a reason; it is kept with the version")
    with lease(job.bundles, life_s=outside.lease_s) as token:
        result.token = token
        _archive(job, outside, result)
        settings = read_settings(job.config, search=job.search)
        source = open_source(job.log, job.items)
        result.inputs, result.champion = inputs_of(job), current(job.bundles)
        stages = Stages(job.bundles, key_of_run(result.inputs))
        known = made_from(job.bundles, result.inputs)
        if known is not None:
            result.status, result.version = "unchanged", known
            _finish(job, source, settings, stages, outside, result)
            return
        facts = _check(job, source, settings, outside, result)
        stages.begin()
        result.stages = stages.told
        _make(job, source, settings, stages, outside, result)
        _judge(job, source, settings, stages, outside, result)
        if job.dry_run:
            stages.end()
            result.status = "dry run"
            return
        release(job, stages, facts, outside, result)
        tidy(job, settings, stages, outside, result)
        report(job, source, settings, outside, result)


def _finish(
    job: Job, source: Source, settings: Settings, stages: Stages, outside: Outside, result: Result
) -> None:
    """What a run that was killed after its publish has left to do."""
    if job.dry_run:
        return
    if stages.folder.is_dir():
        tidy(job, settings, stages, outside, result)
    report(job, source, settings, outside, result)


def _archive(job: Job, outside: Outside, result: Result) -> None:
    """Not while a killed run waits to be taken up: with a longer log, nothing of it would fit."""
    if job.dry_run:
        result.waiting = None if outside.waiting is None else outside.waiting()
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

        learned = rankers(source, tuned, outside.say)
        return measure(source, tuned, outside.say, keep, learned=learned).as_json()

    def fitted() -> Document:
        last = None if result.champion is None else _read(job.bundles / result.champion)
        learned = learned_in(read_bundle(twins / str(current(twins))))
        bundle = fit(
            source,
            tuned,
            result.metrics,
            now=outside.now,
            say=outside.say,
            told=told,
            last=last,
            learned=learned,
        )
        return {"version": publish(bundle, made).version}

    told = stages.once("search", found)
    tuned = as_told(settings, told)
    result.metrics = stages.once("measure", measured, lambda _: _whole(twins))
    result.version = stages.once("fit", fitted, lambda _: _whole(made))["version"]


def _whole(folder: Path) -> bool:
    version = current(folder)
    return version is not None and _read(folder / version) is not None


def _read(folder: Path) -> Bundle | None:
    """None for a bundle that is damaged, or of another format."""
    try:
        return read_bundle(folder)
    except BundleError:
        return None


def _judge(
    job: Job, source: Source, settings: Settings, stages: Stages, outside: Outside, result: Result
) -> None:
    """Against what is live now; a verdict about another champion is given anew."""
    outside.say("gate")
    live, version = result.champion, str(result.version)
    contest = Contest(
        stages.folder / "made" / version,
        only(stages.folder / "twin"),
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


def _finding(told: dict[str, Any]) -> Finding:
    return Finding(told["check"], Severity(told["severity"]), told["said"], told["value"])
