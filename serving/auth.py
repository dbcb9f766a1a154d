"""Who may call what: keys with scopes, decided in one place before anything else.

The file of keys holds the SHA-256 of each: whoever reads it has no key. A key is 256 random bits,
so a plain digest is enough, and how long it takes to find one in a table helps nobody to guess it.
Where no file is named there are no keys, and everybody may call everything.
"""

import hashlib
import secrets
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

import structlog
from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator
from starlette.types import Scope

from engine.config import Config
from engine.customers.section_config import SectionName
from engine.errors import ConfigError, FileAway
from engine.faults import faults
from engine.shop import read_toml
from serving.problems import REQUEST_ID_KEY, Problem, Refusal, refusal

CALLER: Final = "caini.caller"  # in the ASGI scope: the name of the key
SECTIONS_KEY: Final = "caini.sections"  # there too: those of a customer that it may see, None = all
KEY_BYTES: Final = 32
PREFIX: Final = "caini_"
LOOK_S: Final = 1.0  # decision: a key that was taken out is good for no longer
_BEARER: Final = b"bearer"
Stamp = tuple[int, int, int]


class KeyScope(StrEnum):
    """What a key may do."""

    RECOMMEND = "recommend"  # slates and lists
    EVENTS = "events"  # tell what happened
    ITEMS = "items"  # change availability, price, stock, category
    CUSTOMERS = "customers"  # read all that is known of a customer
    IDENTITY = "identity"  # link and unlink ids
    ERASURE = "erasure"  # forget a customer
    METRICS = "metrics"  # read what was counted


PUBLIC: Final = frozenset({"/health/live", "/health/ready", "/openapi.json", "/docs"})
"""By GET or HEAD, without a key: what a balancer asks, and what is said of the API to everybody."""
PUBLIC_FILES: Final = "/docs/"
SCOPES: Final[Mapping[tuple[str, str], KeyScope]] = {
    ("GET", "/"): KeyScope.RECOMMEND,
    ("POST", "/recommend"): KeyScope.RECOMMEND,
    ("GET", "/popular"): KeyScope.RECOMMEND,
    ("POST", "/events"): KeyScope.EVENTS,
    ("PUT", "/items"): KeyScope.ITEMS,
    ("POST", "/customers/link"): KeyScope.IDENTITY,
    ("POST", "/customers/unlink"): KeyScope.IDENTITY,
    ("GET", "/metrics"): KeyScope.METRICS,
}
BELOW: Final[Mapping[tuple[str, str], KeyScope]] = {
    ("GET", "/recommend/"): KeyScope.RECOMMEND,
    ("GET", "/similar/"): KeyScope.RECOMMEND,
    ("GET", "/bought-together/"): KeyScope.RECOMMEND,
    ("GET", "/customers/"): KeyScope.CUSTOMERS,
    ("DELETE", "/customers/"): KeyScope.ERASURE,
}
"""Calls whose path goes on with an id."""


class Key(Config):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]  # in the log of changes
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[frozenset[KeyScope], Field(min_length=1)]
    sections: Annotated[frozenset[SectionName], Field(min_length=1)] | None = None
    """What it may see of a customer (R3); None = all."""
    expires_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _reads(self) -> Self:
        if self.sections is not None and KeyScope.CUSTOMERS not in self.scopes:
            raise ValueError("sections say what the scope customers may see; it has not that scope")
        return self

    def holds(self, now_s: float) -> bool:
        return self.expires_at is None or now_s < self.expires_at.timestamp()


class _File(Config):
    keys: Annotated[tuple[Key, ...], Field(min_length=1)]

    @field_validator("keys")
    @classmethod
    def _different(cls, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        for what in ("name", "sha256"):
            told = [getattr(key, what) for key in keys]
            twice = next((one for one in told if told.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"{what} {twice!r} is there twice")
        return keys


Keys = Mapping[bytes, Key]  # by the digest
NO_KEYS: Final[Keys] = {}


def read_keys(path: Path) -> Keys:
    """Raises ConfigError with every fault, one a line."""
    raw = read_toml(path)
    try:
        held = _File.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(faults(error, path.name, _File))) from error
    return {bytes.fromhex(key.sha256): key for key in held.keys}


def new_key() -> tuple[str, str]:
    """A key, and what of it goes into the file."""
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    return key, _digest(key.encode()).hex()


class KeyRing:
    """Owns the keys that are good now: those of the file as it is, looked at once a second.

    A file that has become wrong, or is gone, takes nothing away and adds nothing until mended; one
    that cannot be read is tried again at each look.
    """

    def __init__(self, path: Path | None) -> None:
        """Without a path there are no keys. Raises ConfigError."""
        self._path = path
        self._stamp = None if path is None else _stamp(path)
        self._keys = NO_KEYS if path is None else read_keys(path)
        self._looked_s = 0.0
        self._told: set[str] = set()  # why it cannot be read, told once each
        self._wrong = False

    @property
    def stale(self) -> bool:
        """The file is wrong, or cannot be read: the keys are those of before."""
        return self._wrong or bool(self._told)

    def at(self, now_s: float) -> Keys:
        if self._path is not None and abs(now_s - self._looked_s) >= LOOK_S:
            self.look(now_s)
        return self._keys

    def look(self, now_s: float) -> None:
        """Now, however lately that was done."""
        self._looked_s = now_s
        if self._path is not None:
            self._look(self._path)

    def _look(self, path: Path) -> None:
        stamp = _stamp(path)
        if stamp is not None and stamp == self._stamp:
            self._told.clear()
            return
        log = structlog.get_logger()
        try:
            self._keys = read_keys(path)
        except FileAway as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                log.error("keys not read", problem=str(error))  # noqa: TRY400  # says all
            return
        except ConfigError as error:
            self._wrong = True
            log.error("keys not read", problem=str(error))  # noqa: TRY400  # the message says all
        else:
            self._wrong = False
            log.info("keys read", keys=sorted(key.name for key in self._keys.values()))
        self._stamp = stamp
        self._told.clear()


def _stamp(path: Path) -> Stamp | None:
    """Another one for another file; None for one that cannot be looked at."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def admit(keys: Keys, scope: Scope, now_s: float) -> None:
    """Notes caller and sections in the ASGI scope. Raises Refusal: 401 without a key that holds,
    403 for one that may not do this. A path that is none needs any key."""
    method, path = scope["method"], scope["path"]
    if is_public(method, path):
        return
    key = _key_of(keys, scope, now_s)
    needed = scope_of(method, path)
    if needed is not None and needed not in key.scopes:
        structlog.get_logger().warning(
            "key refused", key=key.name, scope=str(needed), request_id=scope[REQUEST_ID_KEY]
        )
        said = f"The key {key.name!r} has not the scope {str(needed)!r}."
        raise refusal(403, "scope", "This key may not do this", said)
    scope[CALLER] = key.name
    scope[SECTIONS_KEY] = key.sections


def is_public(method: str, path: str) -> bool:
    return method in {"GET", "HEAD"} and (path in PUBLIC or path.startswith(PUBLIC_FILES))


def scope_of(method: str, path: str) -> KeyScope | None:
    """None for what is no call."""
    exact = SCOPES.get((method, path))
    if exact is not None:
        return exact
    first = path.find("/", 1) + 1
    return BELOW.get((method, path[:first]))


def _key_of(keys: Keys, scope: Scope, now_s: float) -> Key:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, told = value.partition(b" ")
            key = keys.get(_digest(told.strip())) if scheme.lower() == _BEARER else None
            if key is None or not key.holds(now_s):
                raise _unknown("The key is unknown, or has expired")
            return key
    raise _unknown("This call needs a key")


def _unknown(title: str) -> Refusal:
    said = "Send the header authorization: Bearer, and a key of this server."
    return Refusal(Problem(type="urn:caini:key", title=title, status=401, detail=said))
