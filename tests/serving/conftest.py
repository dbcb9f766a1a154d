"""Real Redis servers, of each version that must work, one private to each test session."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.store.address import Address
from serving.store.binary import of_wheel
from serving.store.embedded import EmbeddedRedis

_FOUND = {"path": shutil.which("redis-server", path="/usr/bin:/usr/local/bin"), "wheel": of_wheel()}
SERVERS = {name: Path(path) for name, path in _FOUND.items() if path is not None}


@pytest.fixture(scope="session")
def redis_servers() -> dict[str, Path]:
    return SERVERS


@pytest.fixture(scope="session", params=list(SERVERS))
def redis_server(request: pytest.FixtureRequest) -> Path:
    return SERVERS[request.param]


@pytest.fixture(scope="session")
def redis(redis_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    embedded = EmbeddedRedis(tmp_path_factory.mktemp("redis"), server=redis_server)
    yield embedded.start()
    embedded.stop()
