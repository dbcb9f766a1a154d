"""The few pieces of ASGI that we speak ourselves: bytes in under a cap, bytes out."""

from collections.abc import Iterable
from typing import Final

from starlette.types import Message, Receive, Send

from serving.problems import Refusal, refusal

MAX_BODY: Final = 1_048_576  # bytes: the contract says 413 above 1 MiB
JSON: Final = b"application/json"
Headers = Iterable[tuple[bytes, bytes]]


def too_large() -> Refusal:
    return refusal(413, "too-large", "The body is too large", f"At most {MAX_BODY} bytes.")


class Capped:
    """`receive` that refuses a body as soon as it is too long, however it is sent."""

    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = MAX_BODY

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise too_large()
        return message


class ClientGone(Exception):
    """The caller hung up before the body was there; nobody is left to be answered."""


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts = [body]
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def send_bytes(
    send: Send, status: int, body: bytes, media_type: bytes = JSON, headers: Headers = ()
) -> None:
    length = str(len(body)).encode()
    head = [(b"content-type", media_type), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
