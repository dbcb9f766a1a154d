"""Real Redis servers, of each version that must work, one private to each test session."""

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from serving.app import build_shop, open_shop
from serving.settings import Settings
from serving.shop import Shop
from serving.store.address import Address
from serving.store.binary import of_wheel
from serving.store.embedded import EmbeddedRedis
from tests.servers import CONFIG, publish_tea
from tests.serving.caller import Caller
from tests.worlds import NOW

SHOPS = itertools.count()

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


@pytest.fixture(scope="module")
def tea_shop(redis: Address, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Loaded, at the hour in which its log ends; a name of its own in the store."""
    folder = tmp_path_factory.mktemp("api")
    publish_tea(folder / "bundles")
    settings = Settings(
        bundles=folder / "bundles",
        data=folder / "data",
        config=CONFIG,
        shop=f"api{next(SHOPS)}-{os.getpid()}",
        redis_url=SecretStr(f"unix://{redis.socket}"),
        store_read_ms=2_000,
        store_write_ms=5_000,
    )
    shop = replace(build_shop(settings), now=lambda: NOW)
    shop.bundles.load_first()
    return shop


@pytest.fixture(scope="module")
def client(tea_shop: Shop) -> Iterator[TestClient]:
    with TestClient(open_shop(tea_shop), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def caller(tea_shop: Shop) -> Iterator[Caller]:
    with TestClient(open_shop(tea_shop)) as client:
        yield Caller(client)
