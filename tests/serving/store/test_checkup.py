import pytest

from caini.verbs.doctor import _store
from engine.errors import StoreError
from serving.store.address import Address
from serving.store.checkup import check_store


def url_of(redis: Address) -> str:
    return f"unix://{redis.socket}"


def test_a_private_store_is_new_enough_and_durable(redis: Address) -> None:
    found = check_store(url_of(redis))
    assert found.new_enough
    assert found.durable == "always"
    assert found.version[0] in "67"


def test_a_store_that_is_not_there_says_so() -> None:
    with pytest.raises(StoreError, match="CAINI_REDIS_URL"):
        check_store("unix:///nowhere/redis.sock")
    with pytest.raises(StoreError, match="CAINI_REDIS_URL"):
        check_store("nonsense")


def test_the_doctor_tells_of_a_store_that_is_named(
    redis: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAINI_REDIS_URL", url_of(redis))
    assert [finding.level for finding in _store(None)] == ["ok", "ok"]
    monkeypatch.setenv("CAINI_REDIS_URL", "unix:///nowhere/redis.sock")
    assert [finding.level for finding in _store(None)] == ["error"]
