"""The journal of trials: one line a step, so that a run that was killed is taken up."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from engine.errors import ConfigError, LeaseError
from training.stages import Document

BEGIN: Final = b'{"op_code"'  # of optuna's first line
KEPT: Final = "kept"


@contextmanager
def journal_at(path: Path) -> Iterator[JournalStorage]:
    """Raises LeaseError while another run holds it, ConfigError for a file that is no journal."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseError(f"{path}: another caini tune writes to it; wait for it") from error
        _mend(path)
        yield _opened(path)


def once(
    name: str, work: Callable[[], Document], *, storage: JournalStorage, inputs: str
) -> Document:
    """The result of `work`, done now or kept in the journal from before, for the same inputs."""
    study = optuna.create_study(storage=storage, study_name=f"{name} {inputs}", load_if_exists=True)
    if KEPT not in study.user_attrs:
        study.set_user_attr(KEPT, work())
    found: Document = study.user_attrs[KEPT]
    return found


def _mend(path: Path) -> None:
    """Cuts a line that a killed run has half written, and takes its lock away."""
    *whole, last = path.read_bytes().split(b"\n")
    try:
        known = all("op_code" in json.loads(line) for line in whole)
    except (ValueError, TypeError):
        known = False
    if not known or not (whole or BEGIN.startswith(last[: len(BEGIN)])):
        raise ConfigError(f"{path}: is no journal of caini tune; remove it")
    Path(f"{path}.lock").unlink(missing_ok=True)
    os.truncate(path, path.stat().st_size - len(last))


def _opened(path: Path) -> JournalStorage:
    lock = JournalFileOpenLock(str(path))
    try:
        return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    except (KeyError, ValueError, AssertionError) as error:
        raise ConfigError(f"{path}: is no journal of caini tune; remove it: {error}") from error
