import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import StoreError
from serving.store.embedded import EmbeddedRedis
from serving.store.process import LONGEST_SOCKET, answers


def say(path: str, *words: str) -> bytes:
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(path)
        client.sendall("".join(parts).encode())
        return client.recv(65536)


def wait_for(happened: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


OWNER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from serving.store.embedded import EmbeddedRedis
    redis = EmbeddedRedis(Path(sys.argv[1]), server=Path(sys.argv[2]))
    print(redis.start().socket, redis.pid, flush=True)
    time.sleep(60)
""")


@contextmanager
def an_owner(data: Path, server: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another process that owns the server of `data`; its socket and the server's pid."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data), str(server)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        while not (line := owner.stdout.readline()).startswith("/"):
            assert line, "the owner died"
        path, pid = line.split()
        try:
            yield owner, path, int(pid)
        finally:
            owner.kill()


def test_it_answers_on_a_private_socket_and_is_gone_after_stop(
    tmp_path: Path, redis_server: Path
) -> None:
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    address = redis.start()
    pid = redis.pid
    assert pid is not None
    assert say(address.socket, "PING") == b"+PONG\r\n"
    assert Path(address.socket).stat().st_mode & 0o077 == 0
    assert (tmp_path / "redis").stat().st_mode & 0o077 == 0
    redis.stop()
    redis.stop()
    assert not alive(pid)
    assert not Path(address.socket).exists()


def test_each_write_is_on_the_disk_before_it_is_answered(
    tmp_path: Path, redis_server: Path
) -> None:
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    path = redis.start().socket
    try:
        assert b"always" in say(path, "CONFIG", "GET", "appendfsync")
        assert b"yes" in say(path, "CONFIG", "GET", "appendonly")
        assert b"\r\n0\r\n" in say(path, "CONFIG", "GET", "port")
    finally:
        redis.stop()


def test_a_killed_server_comes_back_with_all_it_held(tmp_path: Path, redis_server: Path) -> None:
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    path = redis.start().socket
    try:
        say(path, "SET", "kept", "yes")
        assert redis.pid is not None
        os.kill(redis.pid, signal.SIGKILL)
        wait_for(lambda: answers(Path(path)) and say(path, "GET", "kept") == b"$3\r\nyes\r\n")
    finally:
        redis.stop()


def test_a_second_process_of_the_same_folder_uses_the_first_ones_server(
    tmp_path: Path, redis_server: Path
) -> None:
    with an_owner(tmp_path, redis_server) as (_, path, pid):
        guest = EmbeddedRedis(tmp_path, server=redis_server)
        assert guest.start().socket == path
        assert not guest.owner
        guest.stop()
        assert answers(Path(path))
    wait_for(lambda: not alive(pid))


def test_it_dies_with_an_owner_that_was_killed_and_the_next_owner_finds_the_data(
    tmp_path: Path, redis_server: Path
) -> None:
    with an_owner(tmp_path, redis_server) as (owner, path, pid):
        say(path, "SET", "kept", "yes")
        owner.kill()
        owner.wait()
    wait_for(lambda: not alive(pid))
    heir = EmbeddedRedis(tmp_path, server=redis_server)
    try:
        assert say(heir.start().socket, "GET", "kept") == b"$3\r\nyes\r\n"
        assert heir.owner
    finally:
        heir.stop()


def test_a_guest_inherits_when_the_owner_ends_and_the_address_stays(
    tmp_path: Path, redis_server: Path
) -> None:
    for data in (tmp_path / "near", tmp_path / ("deep" * 30)):
        first = EmbeddedRedis(data, server=redis_server)
        path = first.start().socket
        guest = EmbeddedRedis(data, server=redis_server)
        assert guest.start().socket == path
        say(path, "SET", "kept", "yes")
        first.stop()
        wait_for(lambda path=path: answers(Path(path)))
        assert say(path, "GET", "kept") == b"$3\r\nyes\r\n"
        assert guest.owner
        guest.stop()
        assert not answers(Path(path))


def test_a_deep_data_folder_gets_its_socket_elsewhere(tmp_path: Path, redis_server: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    redis = EmbeddedRedis(deep, server=redis_server)
    try:
        path = redis.start().socket
        assert len(path) <= LONGEST_SOCKET
        assert say(path, "PING") == b"+PONG\r\n"
        noted = json.loads((deep / "redis" / "lock").read_text(encoding="utf-8"))
        assert noted == {"pid": os.getpid(), "socket": path}
    finally:
        redis.stop()
    assert not Path(path).parent.exists()


def test_the_newer_server_takes_over_what_the_older_one_wrote_but_not_the_reverse(
    tmp_path: Path, redis_servers: dict[str, Path]
) -> None:
    if len(redis_servers) < 2:
        pytest.skip("needs both versions")
    newer, older = redis_servers["path"], redis_servers["wheel"]
    first = EmbeddedRedis(tmp_path, server=older)
    say(first.start().socket, "SET", "kept", "yes")
    first.stop()
    second = EmbeddedRedis(tmp_path, server=newer)
    try:
        assert say(second.start().socket, "GET", "kept") == b"$3\r\nyes\r\n"
    finally:
        second.stop()
    with pytest.raises(StoreError, match="would start empty"):
        EmbeddedRedis(tmp_path, server=older).start()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, redis_server: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonly.aof").write_bytes(b"*1\r\n$9\r\nnonsense!\r\n" * 9)
    with pytest.raises(StoreError, match="does not start"):
        EmbeddedRedis(tmp_path, server=redis_server).start()


def test_a_stopped_server_is_ended_too(
    tmp_path: Path, redis_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.store.embedded.STOP_S", 0.2)
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    redis.start()
    assert redis.pid is not None
    os.kill(redis.pid, signal.SIGSTOP)
    redis.stop()
    wait_for(lambda: not alive(redis.pid or 0))


def test_a_guest_whose_owner_has_no_server_says_so(tmp_path: Path, redis_server: Path) -> None:
    (tmp_path / "redis").mkdir()
    with (tmp_path / "redis" / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for noted in ("", json.dumps({"pid": 1, "socket": str(tmp_path / "nobody")})):
            lock.write(noted)
            lock.flush()
            with pytest.raises(StoreError, match="redis"):
                EmbeddedRedis(tmp_path, server=redis_server, start_s=0.2).start()


def test_a_server_that_outlived_its_owner_is_not_run_beside(
    tmp_path: Path, redis_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.store.embedded.STOP_S", 0.2)
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    path = redis.start().socket
    try:
        (tmp_path / "redis" / "lock").unlink()  # as if its owner had gone and it had not
        with pytest.raises(StoreError, match="without an owner"):
            EmbeddedRedis(tmp_path, server=redis_server).start()
        assert say(path, "PING") == b"+PONG\r\n"
    finally:
        redis.stop()
