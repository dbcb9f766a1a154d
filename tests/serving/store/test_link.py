"""The breaker against servers that fail in each of the ways that servers fail."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError, StoreError
from serving.store.address import Address, parse
from serving.store.connection import StoreDown, StoreTimeout, connect
from serving.store.embedded import EmbeddedRedis
from serving.store.link import FAILURES, Link

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def pong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each command, whatever it is, as PING is answered."""
    while (line := await reader.readline()).startswith(b"*"):
        for _ in range(2 * int(line[1:])):
            await reader.readline()
        writer.write(b"+PONG\r\n")


def after_greeting(then: Talk) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            await reader.readline()
        writer.write(b"+PONG\r\n")
        await then(reader, writer)

    return talk


@after_greeting
async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@after_greeting
async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.close()


@after_greeting
async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


@after_greeting
async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"+nobody\r\n+asked\r\n")
    await reader.read()


@after_greeting
async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(0.05)
        writer.write(b"$")


@contextlib.asynccontextmanager
async def server(path: Path, talk: Talk) -> AsyncIterator[Address]:
    talks: set[asyncio.Task[None]] = set()

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    running = await asyncio.start_unix_server(quiet, path)
    try:
        yield Address(socket=str(path))
    finally:
        running.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)


@pytest.mark.parametrize("fault", [silence, hang_up, nonsense, chatter, drip])
def test_whatever_the_store_does_a_call_ends_in_time_and_the_circuit_opens(
    tmp_path: Path, fault: Talk
) -> None:
    async def story() -> None:
        async with server(tmp_path / "s", fault) as address:
            link = Link(address, timeout_s=0.03)
            await link.start()
            began = time.monotonic()
            while link.up:
                asked = time.monotonic()
                with pytest.raises(StoreError):
                    await link.ask(("GET", "x"))
                assert time.monotonic() - asked < 0.5
                assert time.monotonic() - began < 1.0, "still closed after a second"
            with pytest.raises(StoreDown):
                await link.ask(("GET", "x"))
            await link.stop()

    asyncio.run(story())


def test_one_slow_answer_does_not_open_the_circuit(tmp_path: Path) -> None:
    delays = iter([0.1, 0.0, 0.0])

    @after_greeting
    async def slow_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()).startswith(b"*"):
            for _ in range(2 * int(line[1:])):
                await reader.readline()
            await asyncio.sleep(next(delays, 0))
            writer.write(b"+late\r\n" if line == b"*9\r\n" else b":7\r\n")

    async def story() -> None:
        async with server(tmp_path / "s", slow_once) as address:
            link = Link(address, timeout_s=0.03)
            await link.start()
            with pytest.raises(StoreTimeout):
                await link.ask(("GET", "slow"))
            await asyncio.sleep(0.1)
            assert await link.ask(("GET", "quick")) == [7]
            assert link.up
            await link.stop()

    asyncio.run(story())


def test_a_dead_store_is_tried_about_once_a_pulse_and_never_by_a_request(tmp_path: Path) -> None:
    tried: list[float] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(time.monotonic())
        writer.close()

    async def story() -> None:
        async with server(tmp_path / "s", refuse) as address:
            link = Link(address, timeout_s=0.03)
            await link.start()
            for _ in range(60):
                with pytest.raises(StoreDown):
                    await link.ask(("GET", "x"))
                await asyncio.sleep(0.02)
            await link.stop()

    asyncio.run(story())
    assert 2 <= len(tried) <= 5


def test_a_stopped_redis_opens_the_circuit_and_closes_it_again_when_it_goes_on(
    tmp_path: Path, redis_server: Path
) -> None:
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    address = redis.start()
    changes: list[tuple[str, float]] = []

    async def story() -> None:
        link = Link(
            address,
            timeout_s=0.025,
            on_change=lambda state: changes.append((state, time.monotonic())),
        )
        await link.start()
        assert redis.pid is not None
        os.kill(redis.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        for _ in range(FAILURES):
            with pytest.raises(StoreError):
                await link.ask(("GET", "x"))
        assert not link.up
        await asyncio.sleep(0.7)
        os.kill(redis.pid, signal.SIGCONT)
        went_on = time.monotonic()
        while not link.up:
            await asyncio.sleep(0.02)
            assert time.monotonic() - went_on < 5
        assert await link.ask(("GET", "x")) == [None]
        assert [state for state, _ in changes] == ["up", "down", "up"]
        assert changes[1][1] - stopped < 1
        await link.stop()

    try:
        asyncio.run(story())
    finally:
        redis.stop()


def test_a_store_that_falls_silent_is_noticed_without_any_traffic(
    tmp_path: Path, redis_server: Path
) -> None:
    redis = EmbeddedRedis(tmp_path, server=redis_server)
    address = redis.start()

    async def story() -> None:
        link = Link(address, timeout_s=0.025)
        await link.start()
        assert redis.pid is not None
        os.kill(redis.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        while link.up:
            assert time.monotonic() - stopped < 1.5
            await asyncio.sleep(0.02)
        os.kill(redis.pid, signal.SIGCONT)
        await link.stop()

    try:
        asyncio.run(story())
    finally:
        redis.stop()


def test_sign_in_and_database_are_part_of_connecting(redis: Address) -> None:
    async def story() -> None:
        with pytest.raises(StoreError, match="refused"):
            await connect(Address(socket=redis.socket, password="wrong"), lambda _: None, 1)
        other = await connect(Address(socket=redis.socket, database=3), lambda _: None, 1)
        assert b"db=3" in (await other.ask([("CLIENT", "LIST")], 1))[0]
        other.close()

    asyncio.run(story())


def test_error_replies_are_values_in_their_place(redis: Address) -> None:
    async def story() -> None:
        link = Link(redis, timeout_s=1)
        await link.start()
        wrong, right = await link.ask(("NOSUCH",), ("PING",))
        assert "unknown command" in str(wrong)
        assert right == b"PONG"
        await link.stop()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", Address("localhost", 6379)),
        ("redis://h:1/2", Address("h", 1, database=2)),
        ("rediss://u:p%40@h", Address("h", 6379, username="u", password="p@", tls=True)),
        ("redis://:secret@h", Address("h", 6379, password="secret")),
        ("unix:///run/r.sock?db=4", Address(socket="/run/r.sock", database=4)),
    ],
)
def test_urls_are_read_as_redis_writes_them(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url", ["http://h", "redis://h:port", "redis://h/x", "unix://?db=1", "h:6379"]
)
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(url)
    assert url not in str(caught.value)


def test_a_password_is_not_in_an_addresss_text() -> None:
    assert "secret" not in repr(parse("redis://:secret@h"))
