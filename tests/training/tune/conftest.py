"""A shop whose personal slot somebody has set badly, with models that are quick to make."""

from pathlib import Path

import pytest

from tests.training.tune.shops import badly_set


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return badly_set(tmp_path / "config")
