"""The outermost layer: a request id, who may call, a cap on bytes, errors of one shape, counts."""

import re
import secrets
from time import perf_counter, time
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.auth import KeyRing, admit
from serving.drain import Drain
from serving.metrics import METHODS, Metrics
from serving.problems import (
    INTERNAL,
    MEDIA_TYPE,
    REQUEST_ID_KEY,
    Refusal,
    headers_of,
    refusal,
    to_bytes,
)
from serving.wire import MAX_BODY, Capped, ClientGone, send_bytes, too_large

REQUEST_ID: Final = b"x-request-id"
CLOSE: Final = (b"connection", b"close")
_USABLE_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
UNMATCHED: Final = "unmatched"


class Edge:
    def __init__(self, app: ASGIApp, metrics: Metrics, drain: Drain, keys: KeyRing) -> None:
        self._app = app
        self._drain = drain
        self._keys = keys
        self._metrics = metrics
        self._log = structlog.get_logger()
        self._counts: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        answer = _Answer(send, _request_id(scope), last=self._drain.leaving)
        scope[REQUEST_ID_KEY] = answer.request_id.decode()
        try:
            now_s = time()
            keys = self._keys.at(now_s)
            if keys:
                admit(keys, scope, now_s)
            _check_head(scope)
            await self._app(scope, Capped(receive), answer)
        except Refusal as error:
            await answer.refuse(error)
        except ClientGone:
            return
        except Exception:  # noqa: BLE001 - the last line: whatever it was, the caller gets a 500
            self._metrics.faults.inc()
            self._log.exception("fault", request_id=answer.request_id.decode(), route=_route(scope))
            await answer.refuse(Refusal(INTERNAL))
        self._count(scope, answer.status, perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = (_route(scope), method, status)
        counts = self._counts.get(key)
        if counts is None:  # finding a metric by its labels costs more than counting
            counts = self._counts[key] = (
                self._metrics.requests.labels(key[0], method, str(status)),
                self._metrics.seconds.labels(key[0]),
            )
        counts[0].inc()
        counts[1].observe(seconds)


class _Answer:
    """`send` that adds the request id, and knows whether an answer has begun.

    The `last` one of its connection says so, so that the caller takes another server next.
    """

    __slots__ = ("_send", "_with", "request_id", "status")

    def __init__(self, send: Send, request_id: bytes, *, last: bool) -> None:
        self._send = send
        self._with = ((REQUEST_ID, request_id), *((CLOSE,) if last else ()))
        self.request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._with]
        await self._send(message)

    async def refuse(self, error: Refusal) -> None:
        if self.status:
            return  # the answer has begun: unfinished as it is, the server closes the connection
        body = to_bytes(error.problem, self.request_id.decode())
        await send_bytes(self, error.problem.status, body, MEDIA_TYPE.encode(), headers_of(error))


def _request_id(scope: Scope) -> bytes:
    """The caller's, when it is harmless in a header and a log; else one of ours."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID and _USABLE_ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()


def _check_head(scope: Scope) -> None:
    if scope["method"] not in _WITH_BODY:
        return
    media_type = b""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > MAX_BODY):
            raise too_large()
        if name == b"content-type":
            media_type = value.split(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise refusal(
            415, "not-json", "The body must be JSON", "Send content-type application/json."
        )


def _route(scope: Scope) -> str:
    """The route's pattern, never the path: what callers choose makes no label."""
    route = scope.get("route")
    if route is None:
        return UNMATCHED
    return str(getattr(route, "path", route)).replace(":path}", "}")
