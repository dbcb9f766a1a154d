"""A worker's way to the store: one connection, a time-out on every call, a circuit breaker.

Closed: calls go through. It opens when the connection is lost, after `FAILURES` time-outs in a row,
or when the pulse is not answered; then calls fail at once and the connection is dropped. The pulse
alone tries to close it again, so no request ever waits for a probe.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final, Literal

from engine.errors import StoreError
from serving.store.address import Address
from serving.store.connection import (
    Command,
    Connection,
    Reply,
    StoreDown,
    StoreTimeout,
    connect,
    refuse_errors,
)

FAILURES: Final = 3  # guess: one slow fsync must not open it
PULSE_S: Final = 0.5  # decision: seen open within 1 s without traffic, healed within 1 s
PULSE_TIMEOUT_S: Final = 0.4
CONNECT_TIMEOUT_S: Final = 1.0  # guess: a TLS handshake over a slow network

LinkState = Literal["up", "down"]


class Link:
    """`on_change` is told of each opening and closing; `greet` commands run on connecting."""

    def __init__(
        self,
        address: Address,
        *,
        timeout_s: float,
        greet: Sequence[Command] = (),
        on_change: Callable[[LinkState], None] | None = None,
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._greet = tuple(greet)
        self._on_change = on_change or _tell_nobody
        self._connection: Connection | None = None
        self._failures = 0
        self._pulse: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self._connection is not None

    async def start(self) -> None:
        """Returns when connected or after one try: a dead store is no reason to wait."""
        await self._beat()
        self._pulse = asyncio.create_task(self._keep_beating())

    async def stop(self) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pulse
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def ask(self, *commands: Command, timeout_s: float | None = None) -> list[Reply]:
        """One round trip. Error replies are values; no answer at all is a StoreError."""
        connection = self._connection
        if connection is None:
            raise StoreDown("the store is down")
        try:
            replies = await connection.ask(commands, timeout_s or self._timeout_s)
        except StoreTimeout:
            self._failures += 1
            if self._failures >= FAILURES:
                self._drop(connection)
            raise
        except StoreDown:
            self._drop(connection)
            raise
        self._failures = 0
        return replies

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            await self._beat()

    async def _beat(self) -> None:
        connection = self._connection
        if connection is None:
            await self._try_to_heal()
            return
        try:
            await connection.ask([("PING",)], PULSE_TIMEOUT_S)
        except StoreError:
            self._drop(connection)

    async def _try_to_heal(self) -> None:
        try:
            connection = await connect(self._address, self._drop, CONNECT_TIMEOUT_S)
        except StoreError:
            return
        try:
            if self._greet:
                refuse_errors(await connection.ask(self._greet, PULSE_TIMEOUT_S))
        except StoreError:
            connection.close()
            return
        self._failures = 0
        self._connection = connection
        self._on_change("up")

    def _drop(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._on_change("down")
        connection.close()


def _tell_nobody(state: LinkState) -> None:
    del state
