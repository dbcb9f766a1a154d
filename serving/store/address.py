"""Where a Redis answers: the parts of a CAINI_REDIS_URL."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from engine.errors import ConfigError

DEFAULT_PORT: Final = 6379


@dataclass(frozen=True, slots=True)
class Address:
    host: str = ""
    port: int = 0
    socket: str = ""  # path of a unix socket; host and port are unused then
    username: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    tls: bool = False

    def tls_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.tls else None


def unix(path: Path) -> Address:
    return Address(socket=str(path))


def parse(url: str) -> Address:
    """redis://, rediss:// (TLS) or unix:// as the Redis project writes them.

    The URL may hold a password, so no message repeats it.
    """
    try:
        return _parse(urlsplit(url))
    except ValueError as error:
        raise ConfigError(
            "CAINI_REDIS_URL: expected redis://[user:password@]host[:port][/database], "
            "rediss://… or unix:///path/to.sock[?db=0]"
        ) from error


def _parse(parts: SplitResult) -> Address:
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(parts.scheme)
    path = unquote(parts.path)
    database = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme != "unix":
        database = path.strip("/") or database
    elif not path:
        raise ValueError("no path")
    is_unix = parts.scheme == "unix"
    return Address(
        host="" if is_unix else parts.hostname or "localhost",
        port=0 if is_unix else parts.port or DEFAULT_PORT,
        socket=path if is_unix else "",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=int(database or 0),
        tls=parts.scheme == "rediss",
    )
