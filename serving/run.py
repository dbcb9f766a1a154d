"""Start and stop the server: the private Redis first, then the workers; the other way round out."""

import contextlib
import errno
import functools
import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Final, NoReturn

import structlog
import uvicorn
from pydantic import SecretStr
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from engine.errors import BundleError, CainiError, ConfigError
from engine.faults import Faults
from engine.shop_folder import read_folder
from serving.auth import read_keys
from serving.counts import back_files, prepare_folder
from serving.logs import configure
from serving.pointer import versions_by_age
from serving.settings import Settings
from serving.store.embedded import EmbeddedRedis

KEEP_ALIVE_S: Final = 65  # longer than the 60 s of common proxies, so that they close first
SILENT_S: Final = 15  # guess: a worker's first word on a busy machine; at uvicorn's 5 it was killed
BACKLOG: Final = 2_048  # connections that wait to be accepted; uvicorn's own figure


def serve(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C. What `_check` finds wrong raises before anything listens."""
    configure(settings.log_level)
    with contextlib.suppress(_Leave), _leaving_on_signals():
        _check(settings)
        prepare_folder(settings.data / "metrics")
        with _store(settings) as ready:
            _run(ready)


def _check(settings: Settings) -> None:
    """What each worker would find wrong, found once and told in words."""
    found, keys = Faults(), settings.keys
    found.of(lambda: read_folder(settings.config))
    if keys is not None:
        found.of(lambda: read_keys(keys))
    found.tell()
    if not versions_by_age(settings.bundles):
        raise BundleError(f"{settings.bundles}: nothing is published here; run caini train first")


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[Settings]:
    """Settings that name a Redis: the given one, or a private one that lives as long as we."""
    if settings.redis_url is not None:
        yield settings
        return
    redis = EmbeddedRedis(
        settings.data, server=settings.redis_server, start_s=settings.redis_start_s
    )
    try:
        address = redis.start()
        yield settings.model_copy(update={"redis_url": SecretStr(f"unix://{address.socket}")})
    finally:
        redis.stop()


def _run(settings: Settings) -> None:
    config = uvicorn.Config(
        functools.partial(_app, settings, os.getpid() if settings.workers > 1 else None),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_worker_healthcheck=SILENT_S,
        timeout_graceful_shutdown=settings.drain_s,
    )
    listening = _bound(settings)
    host, port = listening.getsockname()[:2]
    log = structlog.get_logger()
    log.info("listening", url=f"http://{host}:{port}", workers=settings.workers)
    if settings.keys is None and not ipaddress.ip_address(host).is_loopback:
        log.warning("open to the network", host=host)
    if settings.workers == 1:
        uvicorn.Server(config).run([listening])
        return
    supervisor = Multiprocess(config, [listening])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise CainiError("a worker could not start; the lines above say why")


def _bound(settings: Settings) -> socket.socket:
    """Listens, so that who connects waits for the first worker and is not refused.

    Raises ConfigError with what to name instead.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be had: {error.strerror}"
        raise ConfigError(
            f"port {settings.port} of {settings.host} {why}; name another with --port or --host"
        ) from error
    listening.set_inheritable(True)  # workers of their own processes accept on it
    return listening


def _app(settings: Settings, parent: int | None) -> object:
    """Imported in the worker, after the files of its counts are there."""
    configure(settings.log_level)
    back_files()
    from serving.app import build_app

    try:
        return build_app(settings, parent)
    except CainiError as error:
        if parent is None:
            raise
        structlog.get_logger().error("worker cannot start", reason=str(error))
        raise SystemExit(STARTUP_FAILURE) from error  # tells the supervisor not to try again


class _Leave(SystemExit):
    """Told to go; what is open is closed on the way out."""


@contextlib.contextmanager
def _leaving_on_signals() -> Iterator[None]:
    """uvicorn drains first and hands the signal on to what was set before it."""

    def leave(signum: int, frame: FrameType | None) -> NoReturn:
        del signum, frame
        raise _Leave(0)

    before = {name: signal.signal(name, leave) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
