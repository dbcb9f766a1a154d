"""A private redis-server in the data folder: durable, on a unix socket, gone when its owner is.

The first process to lock the folder owns the server, starts it, and starts it again when it dies.
Others that come while the owner lives are its guests, and the first of them inherits when it goes.
What was accepted is on the disk (append-only, fsync always), so a kill at any moment loses nothing.
"""

import fcntl
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, TypeVar

import structlog

from engine.errors import StoreError
from serving.store.address import Address, unix
from serving.store.binary import ServerBinary
from serving.store.binary import find as find_binary
from serving.store.process import answers, last_words, short_socket, spawn

RESTART_PAUSE_S: Final = 0.5  # guess
INHERIT_S: Final = 0.2  # how often a guest looks whether the owner still lives
STOP_S: Final = 10.0  # guess: what a shutdown may take before it is cut short; nothing is lost
_POLL_S: Final = 0.01
T = TypeVar("T")


class EmbeddedRedis:
    """Owns the process, or is the guest of who does. `start` returns where it answers, for good."""

    def __init__(self, data: Path, *, server: Path | None = None, start_s: float = 60.0) -> None:
        self._folder = data / "redis"
        self._server = server
        self._start_s = start_s
        self._lock: IO[str] | None = None
        self._owner = False
        self._socket = self._folder.resolve() / "redis.sock"
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._log = structlog.get_logger()

    @property
    def owner(self) -> bool:
        return self._owner

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    def start(self) -> Address:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self._folder / "lock").open("a+", encoding="utf-8")
        try:
            if _locked(self._lock):
                self._socket = short_socket(self._folder)
                self._begin(self._keep, self._own(self._lock))
                self._wait()
            else:
                self._find(self._lock)
                self._begin(self._inherit, self._lock)
        except BaseException:
            self.stop()
            raise
        return unix(self._socket)

    def stop(self) -> None:
        """Ends the server if this process owns it. Calling it twice is harmless."""
        self._stopping.set()
        if self._keeper is not None:
            self._end_child()
            self._keeper.join(STOP_S)
            self._keeper = None
        if self._child is not None:
            self._socket.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._owner and self._socket.parent != self._folder.resolve():
            with suppress(OSError):
                self._socket.parent.rmdir()

    def _begin(self, work: Callable[[T], None], subject: T) -> None:
        """The kernel ties a child to the thread that starts it: one thread does it for life."""
        self._keeper = threading.Thread(
            target=work, args=(subject,), name="redis-keeper", daemon=True
        )
        self._keeper.start()

    def _own(self, lock: IO[str]) -> ServerBinary:
        self._owner = True
        _retire(self._folder, self._socket)
        _note_owner(lock, self._socket)
        binary = find_binary(self._server)
        binary.refuse_newer_data(self._folder)
        return binary

    def _keep(self, binary: ServerBinary) -> None:
        while not self._stopping.is_set():
            self._child = spawn(binary, self._folder, self._socket)
            if self._stopping.is_set():  # told to stop while it was being started again
                self._child.kill()
            self._log.info("redis started", version=binary.version, pid=self._child.pid)
            code = self._child.wait()
            if not self._stopping.is_set():
                self._log.error("redis died", code=code)
                self._stopping.wait(RESTART_PAUSE_S)

    def _inherit(self, lock: IO[str]) -> None:
        """A guest waits for the owner's end and then serves at the same address."""
        while not self._stopping.wait(INHERIT_S):
            if _locked(lock):
                self._log.warning("redis inherited")
                self._socket.parent.mkdir(exist_ok=True, mode=0o700)
                self._keep(self._own(lock))
                return

    def _end_child(self) -> None:
        child = self._child
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()

    def _find(self, lock: IO[str]) -> None:
        """The socket of the owner, once it answers."""
        deadline = time.monotonic() + self._start_s
        while time.monotonic() < deadline:
            lock.seek(0)
            with suppress(ValueError, KeyError):
                self._socket = Path(json.loads(lock.read())["socket"])
                self._wait()
                return
            time.sleep(_POLL_S)
        raise StoreError(f"another process holds {self._folder} but its redis does not answer")

    def _wait(self) -> None:
        """Dying before the first answer means a fault that a restart will not mend."""
        deadline = time.monotonic() + self._start_s
        while not answers(self._socket):
            died = self._child is not None and self._child.poll() is not None
            if died or time.monotonic() > deadline:
                raise StoreError(f"redis-server does not start: {last_words(self._folder)}")
            time.sleep(_POLL_S)


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _note_owner(lock: IO[str], path: Path) -> None:
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid(), "socket": str(path)}))
    lock.flush()


def _retire(folder: Path, path: Path) -> None:
    """A server whose owner was killed dies by itself; wait for it, then clear its socket."""
    deadline = time.monotonic() + STOP_S
    while answers(path):
        if time.monotonic() > deadline:
            raise StoreError(f"a redis-server without an owner still runs in {folder}")
        time.sleep(_POLL_S)
    path.unlink(missing_ok=True)
