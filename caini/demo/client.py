"""A shop's side of the wire, as small as it can be: one connection, JSON both ways."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Self
from urllib.parse import quote

from engine.errors import CainiError

PATIENCE_S: Final = 60.0


class Client:
    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Raises CainiError with the server's own words when it refuses."""
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        told: dict[str, Any] = json.loads(response.read() or b"{}")
        if response.status >= 400:
            raise CainiError(f"{method} {path}: {response.status} {told}")
        return told

    def recommend(self, slot: str, n: int, **asked: object) -> dict[str, Any]:
        return self.ask("POST", "/recommend", {"slot": slot, "n": n, **asked})

    def customer(self, customer_id: str) -> dict[str, Any]:
        return self.ask("GET", f"/customers/{quote(customer_id, safe='')}")

    def happened(self, event: dict[str, object]) -> dict[str, Any]:
        """One event; raises CainiError when it was not accepted."""
        receipt = self.ask("POST", "/events", {"events": [event]})
        if receipt["accepted"] + receipt["duplicates"] != 1:
            raise CainiError(f"event refused: {receipt['results']}")
        return receipt

    def wait_until_ready(self, runs: Callable[[], bool]) -> None:
        """Raises CainiError when the server is not ready in time, or no longer `runs`."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not runs():
                raise CainiError("the server ended before it was ready")
            try:
                if self.ask("GET", "/health/ready").get("ready"):
                    return
            except (OSError, HTTPException, CainiError):
                self._connection.close()
            time.sleep(0.05)
        raise CainiError(f"the server was not ready within {PATIENCE_S:.0f} s")
