"""`caini retrain`: the whole of retraining as one job for a schedule."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from caini.archiving import archive_store, cut_store, settings_of, waiting_in_store
from caini.erasing import erase_in_log
from caini.instants import wall_clock
from caini.printed import print_json, print_table
from caini.progress import progress_lines
from caini.rehearsal import rehearsal
from engine.errors import BundleRefused, CainiError, DataRefused, LeaseError, NoRoom
from serving.logs import configure
from serving.settings import Settings
from training.assemble import Say
from training.findings import Finding
from training.job import RESULT, Job, Outside, Result
from training.retrain import retrain
from training.stages import Document, write_document
from training.train import read_settings
from training.whole_file import room_in

NOTHING: Final = "nothing was published"


def run(job: Job, *, url: str | None, data: Path | None, quiet: bool, as_json: bool) -> None:
    """The result is printed, and left in BUNDLES/retrain.json, whether it went well or not; a dry
    run leaves that of the last real one.
    """
    configure("warning")  # standard output is the result's
    result, started = Result(), time.time()
    failure: Exception | None = None
    try:
        folders = (job.bundles, job.log.parent)
        with room_in(*folders), progress_lines("retrain", shown=not quiet) as (say, _):
            retrain(job, _outside(job, settings_of(url, data), say), result)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and raised again below
        failure = error
        result.status = "failed" if result.status == "running" else result.status
    told = _told(result, failure, started)
    if not (job.dry_run or isinstance(failure, LeaseError)):  # then it is the other run's
        failure = _left(told, job.bundles / RESULT, failure)
    if as_json:
        print_json(told)
    elif not quiet:
        _print(result, _outcome(result, failure, dry_run=job.dry_run))
    if failure is not None:
        raise failure


def _left(told: Document, path: Path, failure: Exception | None) -> Exception | None:
    """The failure to end with: what the run itself met comes before a result without room."""
    try:
        with room_in(path):
            write_document(told, path)
    except NoRoom as error:
        return failure or error
    return failure


def _outside(job: Job, store: Settings | None, say: Say) -> Outside:
    gate = read_settings(job.config).train.gate
    rehearse = rehearsal(job.config, gate.requests)
    if store is None:
        return Outside(wall_clock, say, rehearse)

    def archive() -> Document:
        erased = erase_in_log(job.log, store)
        return {**asdict(archive_store(job.log, store, job.config)), "erased": erased}

    def cut() -> Document | None:
        gone = cut_store(job.log, job.bundles, store)
        return None if gone is None else {**asdict(gone), "through": str(gone.through)}

    def waiting() -> int:
        return waiting_in_store(job.log, store)

    return Outside(wall_clock, say, rehearse, archive, cut, waiting)


def _told(result: Result, failure: Exception | None, started: float) -> Document:
    unforeseen = CainiError.exit_code
    return {
        **result.as_json(),
        "exit_code": 0 if failure is None else getattr(failure, "exit_code", unforeseen),
        "error": None if failure is None else str(failure),
        "kind": None if failure is None else type(failure).__name__,
        "started_at": round(started * 1000),
        "seconds": round(time.time() - started, 2),
    }


def _outcome(result: Result, failure: Exception | None, *, dry_run: bool) -> str:
    """In a line: what became of the run, and what is live where that is not the new bundle."""
    live = f"{result.champion or 'nothing'} stays live"
    match failure:
        case DataRefused():
            return f"refused: the log is not fit to train on; {live}"
        case BundleRefused():
            would = "would not be" if dry_run else "is not"
            return f"refused: {result.version} {would} published; {live}"
    if result.status == "dry run":
        return f"dry run: {result.version} would be published; {live}"
    return f"{result.status}: {NOTHING if result.status == 'failed' else result.version}"


def _print(result: Result, outcome: str) -> None:
    for title, findings in (("Data", result.checks), ("Gate", result.gate)):
        if findings:
            columns = ("severity", "check", "what was found")
            print_table(title, columns, [_line(finding) for finding in findings])
    print(outcome)  # noqa: T201
    if result.waiting:
        told = f"{result.waiting} accepted events wait in the store; a dry run leaves them there"
        print(f"{told}, a run without --dry-run trains with them")  # noqa: T201
    if result.override:
        print(f"errors were overridden: {result.override}")  # noqa: T201
    if result.report is not None:
        print(f"report: {result.report.get('folder') or result.report['failed']}")  # noqa: T201


def _line(finding: Finding) -> tuple[str, str, str]:
    return finding.severity, finding.check, finding.said
