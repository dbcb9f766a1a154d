"""A private redis-server in the data folder: durable, on a unix socket, gone when its owner is.

The first process to lock the folder owns the server, starts it, and starts it again when it dies.
Others that come while the owner lives use the same one. What was accepted is on the disk
(append-only, fsync always), so a kill at any moment loses nothing.
"""

import fcntl
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import structlog

from engine.errors import StoreError
from serving.store.address import Address, unix
from serving.store.binary import ServerBinary, die_with_parent
from serving.store.binary import find as find_binary

LONGEST_SOCKET: Final = 100  # bytes; the system's sockaddr_un holds 108 with its end
RESTART_PAUSE_S: Final = 0.5  # guess
STOP_S: Final = 10.0  # guess: what a shutdown may take before it is cut short; nothing is lost
_POLL_S: Final = 0.01


class EmbeddedRedis:
    """Owns the process (or is the guest of another owner). `start` returns where it answers."""

    def __init__(self, data: Path, *, server: Path | None = None, start_s: float = 60.0) -> None:
        self._folder = data / "redis"
        self._server = server
        self._start_s = start_s
        self._lock: IO[str] | None = None
        self._socket = self._folder.resolve() / "redis.sock"
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._log = structlog.get_logger()

    @property
    def owner(self) -> bool:
        return self._lock is not None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    def start(self) -> Address:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self._folder / "lock").open("a+", encoding="utf-8")
        if not _locked(lock):
            return self._as_guest(lock)
        self._lock = lock
        try:
            return self._as_owner(lock)
        except BaseException:
            self.stop()
            raise

    def _as_owner(self, lock: IO[str]) -> Address:
        self._socket = _short_socket(self._folder)
        _retire(self._folder, self._socket)
        _note_owner(lock, self._socket)
        binary = find_binary(self._server)
        binary.refuse_newer_data(self._folder)
        # The kernel ties the child to the thread that starts it, so one thread does it for life.
        self._keeper = threading.Thread(
            target=self._keep, args=(binary,), name="redis-keeper", daemon=True
        )
        self._keeper.start()
        self._wait(self._socket)
        self._log.info("redis started", version=binary.version, pid=self.pid)
        return unix(self._socket)

    def stop(self) -> None:
        """Ends the server if this process owns it. Calling it twice is harmless."""
        self._stopping.set()
        if self._keeper is not None:
            self._end_child()
            self._keeper.join(STOP_S)
            self._keeper = None
            self._socket.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._socket.parent != self._folder.resolve():
            with suppress(OSError):
                self._socket.parent.rmdir()

    def _keep(self, binary: ServerBinary) -> None:
        while not self._stopping.is_set():
            self._child = _spawn(binary, self._folder, self._socket)
            if self._stopping.is_set():  # told to stop while it was being started again
                self._child.kill()
            code = self._child.wait()
            if not self._stopping.is_set():
                self._log.error("redis died", code=code)
                self._stopping.wait(RESTART_PAUSE_S)

    def _end_child(self) -> None:
        child = self._child
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()

    def _as_guest(self, lock: IO[str]) -> Address:
        deadline = time.monotonic() + self._start_s
        with lock:
            while time.monotonic() < deadline:
                lock.seek(0)
                with suppress(ValueError, KeyError):
                    self._socket = Path(json.loads(lock.read())["socket"])
                    self._wait(self._socket)
                    return unix(self._socket)
                time.sleep(_POLL_S)
        raise StoreError(f"another process holds {self._folder} but its redis does not answer")

    def _wait(self, path: Path) -> None:
        """Dying before the first answer means a fault that a restart will not mend."""
        deadline = time.monotonic() + self._start_s
        while not answers(path):
            if time.monotonic() > deadline or self._died():
                raise StoreError(f"redis-server does not start: {_last_words(self._folder)}")
            time.sleep(_POLL_S)

    def _died(self) -> bool:
        return self._child is not None and self._child.poll() is not None


def answers(path: Path, timeout_s: float = 0.5) -> bool:
    """Whether a server on this socket serves; one that still loads its file does not yet."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout_s)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(64).startswith(b"+PONG")
    return False


def _spawn(binary: ServerBinary, folder: Path, path: Path) -> subprocess.Popen[bytes]:
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "daemonize": "no",
        "logfile": str(folder.resolve() / "redis.log"),
    }
    arguments = [part for key, value in settings.items() for part in (f"--{key}", value)]
    return subprocess.Popen(  # noqa: S603 - the binary is the operator's or our own wheel's
        [str(binary.path), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for the owner, who stops us in order
        preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - one prctl call, no locks
    )


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


def _short_socket(folder: Path) -> Path:
    near = folder.resolve() / "redis.sock"
    if len(os.fsencode(near)) <= LONGEST_SOCKET:
        return near
    return Path(tempfile.mkdtemp(prefix="caini-")) / "redis.sock"


def _retire(folder: Path, path: Path) -> None:
    """A server whose owner was killed dies by itself; wait for it, then clear its socket."""
    deadline = time.monotonic() + STOP_S
    while answers(path):
        if time.monotonic() > deadline:
            raise StoreError(f"a redis-server without an owner still runs in {folder}")
        time.sleep(_POLL_S)
    path.unlink(missing_ok=True)


def _last_words(folder: Path) -> str:
    log: Any = folder / "redis.log"
    if not log.exists():
        return f"no {log}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-3:])
