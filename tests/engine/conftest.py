import pytest

from engine.bundle import Bundle
from tests.worlds import bundle


@pytest.fixture(scope="module")
def tea() -> Bundle:
    return bundle()
