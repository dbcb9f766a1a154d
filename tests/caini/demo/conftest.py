"""One simulated shop, small but large enough for shares to settle."""

import pytest

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig, Simulated


@pytest.fixture(scope="session")
def shop() -> Simulated:
    return simulate(DemoConfig(customers=2_000, items=600))
