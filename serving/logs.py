"""Logs are JSON, one object a line, on standard error. People appear only as keyed hashes."""

import logging
import secrets
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

import structlog

KEY_BYTES: Final = 32
Pseudonym = Callable[[str], str]


def configure(level: str) -> None:
    """For the whole process: ours and the libraries' logs alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("uvicorn").setLevel("WARNING")  # our own lines tell of start and stop


def pseudonym(data: Path) -> Pseudonym:
    """The same name for the same person as long as the data folder lives, of no use elsewhere."""
    key = _key(data / "log.key")

    def name(identity: str) -> str:
        raw = identity.encode("utf-8", errors="replace")
        return blake2b(raw, key=key, digest_size=8).hexdigest()

    return name


def _key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(secrets.token_bytes(KEY_BYTES))
    except FileExistsError:
        pass
    return path.read_bytes()
