"""A redis-server process as the operating system sees it: started, asked, and its last words."""

import os
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from serving.store.binary import ServerBinary, die_with_parent

LONGEST_SOCKET: Final = 100  # bytes; the system's sockaddr_un holds 108 with its end


def answers(path: Path, timeout_s: float = 0.5) -> bool:
    """Whether a server on this socket serves; one that still loads its file does not yet."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout_s)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(64).startswith(b"+PONG")
    return False


def spawn(binary: ServerBinary, folder: Path, path: Path) -> subprocess.Popen[bytes]:
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


def short_socket(folder: Path) -> Path:
    near = folder.resolve() / "redis.sock"
    if len(os.fsencode(near)) <= LONGEST_SOCKET:
        return near
    return Path(tempfile.mkdtemp(prefix="caini-")) / "redis.sock"


def last_words(folder: Path) -> str:
    log: Any = folder / "redis.log"
    if not log.exists():
        return f"no {log}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-3:])
