"""Logs are JSON, one object a line, on standard error. Nobody's id is ever in one."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _StandardError:
    """Whatever standard error is when a line is written: it may be replaced, or closed.

    A line is one write with its end, so that the lines of several workers never mix.
    """

    def write(self, text: str) -> int:
        with suppress(OSError):  # the disk of the log may be full, and the work must go on
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def unfiltered() -> structlog.typing.FilteringBoundLogger:
    """For what must be in the log whatever its level is."""
    always = structlog.make_filtering_bound_logger("info")
    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(None, wrapper_class=always)
    return log


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
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(cast("TextIO", _StandardError()))
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("uvicorn").setLevel("WARNING")  # our own lines tell of start and stop
