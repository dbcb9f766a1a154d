"""Constant-arrival load: requests leave when they are due, whether or not others have come back.

Latency counts from the instant a request was due, so a stall of the server is not hidden by a
generator that waits for it (coordinated omission).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back from one run."""

    latencies_ms: np.ndarray  # (n,) from the due instant to the last byte
    statuses: dict[int, int]
    seconds: float

    def quantile(self, q: float) -> float:
        return float(np.quantile(self.latencies_ms, q))

    def summary(self) -> dict[str, object]:
        return {
            "requests": len(self.latencies_ms),
            "statuses": self.statuses,
            "a_second": round(len(self.latencies_ms) / self.seconds, 1),
            "p50_ms": round(self.quantile(0.5), 3),
            "p99_ms": round(self.quantile(0.99), 3),
            "max_ms": round(float(self.latencies_ms.max()), 3),
        }


class Connection:
    """One keep-alive HTTP/1.1 connection that knows Content-Length and nothing more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        return int(head[9:12]), await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def post(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


async def run(port: int, requests: Sequence[bytes], rate: float, connections: int = 32) -> Answers:
    """Send `requests` at `rate` a second to loopback over so many keep-alive connections."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await Connection.open(port))
    latencies = np.zeros(len(requests))
    statuses: dict[int, int] = {}
    start = time.perf_counter() + 0.05

    async def one(place: int, request: bytes) -> None:
        due = start + place / rate
        connection = await free.get()
        status, _ = await connection.ask(request)
        free.put_nowait(connection)
        latencies[place] = (time.perf_counter() - due) * 1000
        statuses[status] = statuses.get(status, 0) + 1

    tasks = []
    for place, request in enumerate(requests):
        wait = start + place / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(place, request)))
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - start
    while not free.empty():
        await free.get_nowait().close()
    return Answers(latencies, statuses, seconds)
