"""One simulated shop and one bundle trained on it, made once for all that only read them."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from training.evaluate import Evaluation
from training.train import Settings, open_source, read_settings, train

settings.register_profile("caini", deadline=None)  # how long a test takes is no finding of it
settings.load_profile("caini")
CONFIG = Path(__file__).parents[1] / "config"
CREATED_AT = 1_767_229_200_000  # an hour after the last event of the simulated shop


@dataclass(frozen=True)
class Trained:
    """A log, the folder that its bundle was published to, and what the hold-out said."""

    log: Path
    bundles: Path
    evaluation: Evaluation
    steps: tuple[str, ...]


def silent(step: str) -> None:
    """Where nobody watches the progress."""


def searching(settings: Settings) -> Settings:
    """As few customers as a small shop has may choose its models' settings."""
    search = settings.train.search.model_copy(update={"fewest_customers": 1})
    return replace(settings, train=settings.train.model_copy(update={"search": search}))


@pytest.fixture(scope="session")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("log") / "log.parquet"
    write_simulated(simulate(DemoConfig(customers=400, items=300)), log)
    return log


@pytest.fixture(scope="session")
def trained(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    bundles, steps = tmp_path_factory.mktemp("bundles"), []
    _, evaluation = train(
        open_source(small_log, None),
        searching(read_settings(CONFIG)),
        bundles,
        now=lambda: CREATED_AT,
        say=steps.append,
    )
    return Trained(small_log, bundles, evaluation, tuple(steps))
