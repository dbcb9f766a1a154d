"""The end of a retraining: what was found good goes live, what is old goes, merchandisers are told.

What is live is good already: a store that cannot be cut or a report that cannot be written is told,
and is no failure of the run.
"""

from dataclasses import asdict
from pathlib import Path

from engine.errors import CainiError, LeaseError
from engine.types import DAY_MS
from training.assemble import Source
from training.erasure import read_tombstones
from training.job import Job, Outside, Result
from training.ledgers import ledgers_of, purge_ledgers
from training.log_facts import LogFacts
from training.publish import adopt, current, retain
from training.records import forget_twins, keep_twin, write_record
from training.report.kept import forget_reports, forget_small_groups, keep_report
from training.retained import KEPT_DAYS, forget_erased
from training.stages import Stages
from training.train import Settings


def release(job: Job, stages: Stages, facts: LogFacts, outside: Outside, result: Result) -> None:
    """The record says that it is on its way before the pointer moves, and that it arrived after."""
    outside.say("publish")
    version = str(result.version)
    if current(job.bundles) != result.champion:
        raise LeaseError(
            f"{job.bundles}: {current(job.bundles)} was made live while this run compared with "
            f"{result.champion}; nothing was published"
        )
    twin = only(stages.folder / "twin")
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
    result.status = "published"  # whatever fails from here on
    write_record(job.bundles, version, {**record, "published": True})


def tidy(job: Job, settings: Settings, stages: Stages, outside: Outside, result: Result) -> None:
    """After the publish; whatever fails here is done by the next run."""
    result.removed = retain(job.bundles, settings.train.retention.versions)
    before = outside.now() - round(KEPT_DAYS * DAY_MS)
    erased = read_tombstones(job.log)
    result.removed += forget_erased(job.bundles, erased, before=before)
    result.ledgers = asdict(purge_ledgers(ledgers_of(job.bundles), erased))
    forget_twins(job.bundles)
    forget_reports(job.bundles)
    if outside.cut is not None:
        outside.say("cut")
        try:
            result.cut = outside.cut()
        except CainiError as error:
            result.cut = {"failed": str(error)}
    stages.remove()


def report(job: Job, source: Source, settings: Settings, outside: Outside, result: Result) -> None:
    """Of the version that was just published, or of the one that these inputs have made before."""
    outside.say("report")
    version, config = str(result.version), settings.train.report
    forget_small_groups(job.bundles, version, config.smallest_group)
    result.report = keep_report(
        job.bundles,
        version,
        source,
        settings.slots,
        config,
        lambda step: outside.say(f"report: {step}"),
    )


def only(folder: Path) -> Path | None:
    """The one bundle that lies published in a folder of its own."""
    version = current(folder)
    return None if version is None else folder / version
