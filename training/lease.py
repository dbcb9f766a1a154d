"""Only one retraining works on a folder of bundles, and an old one cannot undo a newer one's work.

Who takes the lease is given a token above all before. The lease keeps runs from working twice; the
token, looked at inside the publish, is what makes it safe: a run that slept too long is refused.
"""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from engine.errors import LeaseError
from training.publish import newest_token, next_token, one_at_a_time

LEASE: Final = ".lease"
ALIVE: Final = ".retraining"
LIFE_S: Final = 300.0  # guess: a machine that swaps may miss many renewals; safety needs none
RENEWALS: Final = 5  # in the life of a lease


@dataclass(frozen=True, slots=True)
class Lease:
    """`renewed_at` is in seconds since 1970."""

    token: int
    host: str
    pid: int
    renewed_at: float


@contextmanager
def lease(bundles: Path, *, life_s: float = LIFE_S) -> Iterator[int]:
    """The token to publish with. Raises LeaseError while another run that lives holds it."""
    bundles.mkdir(parents=True, exist_ok=True)
    with (bundles / ALIVE).open("a") as alive:
        with one_at_a_time(bundles):
            _refuse_held(bundles, alive, life_s)
            mine = Lease(next_token(bundles), socket.gethostname(), os.getpid(), time.time())
            _note(bundles, mine)
        ended = threading.Event()
        keeper = threading.Thread(target=_keep, args=(bundles, mine, ended, life_s), daemon=True)
        keeper.start()
        try:
            yield mine.token
        finally:
            ended.set()
            keeper.join()
            _give_back(bundles, mine)


def held(bundles: Path) -> Lease | None:
    try:
        return Lease(**json.loads((bundles / LEASE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _refuse_held(bundles: Path, alive: IO[str], life_s: float) -> None:
    """The kernel frees the lock of a killed run; a run on another machine is known by its note."""
    found = held(bundles)
    dead = _locked(alive)
    if found is None or (dead and found.host == socket.gethostname()):
        return
    age = time.time() - found.renewed_at
    if age < life_s:
        raise LeaseError(
            f"{bundles}: process {found.pid} on {found.host} retrains into it "
            f"(seen {max(age, 0):.0f} s ago); wait for it, or end it"
        )


def _locked(alive: IO[str]) -> bool:
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _keep(bundles: Path, mine: Lease, ended: threading.Event, life_s: float) -> None:
    while not ended.wait(life_s / RENEWALS):
        with one_at_a_time(bundles):
            if newest_token(bundles) != mine.token:
                return
            _note(bundles, Lease(mine.token, mine.host, mine.pid, time.time()))


def _give_back(bundles: Path, mine: Lease) -> None:
    with one_at_a_time(bundles):
        found = held(bundles)
        if found is not None and found.token == mine.token:
            (bundles / LEASE).unlink(missing_ok=True)


def _note(bundles: Path, mine: Lease) -> None:
    unfinished = bundles / f"{LEASE}.{mine.pid}"
    unfinished.write_text(json.dumps(asdict(mine)), encoding="utf-8")
    unfinished.replace(bundles / LEASE)
