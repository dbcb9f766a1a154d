"""One simulated shop and one bundle trained on it, made once for all that only read them."""

import pickle
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from tests.shared import made_once
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
    def make(folder: Path) -> None:
        write_simulated(simulate(DemoConfig(customers=400, items=300)), folder / "log.parquet")

    return made_once(tmp_path_factory, "log", make) / "log.parquet"


@pytest.fixture(scope="session")
def trained(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    def make(folder: Path) -> None:
        steps: list[str] = []
        source, settings = open_source(small_log, None), searching(read_settings(CONFIG))
        bundles = folder / "bundles"
        _, found = train(source, settings, bundles, now=lambda: CREATED_AT, say=steps.append)
        (folder / "told").write_bytes(pickle.dumps((found, tuple(steps))))

    folder = made_once(tmp_path_factory, "trained", make)
    evaluation, steps = pickle.loads((folder / "told").read_bytes())
    return Trained(small_log, folder / "bundles", evaluation, steps)


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's settings, but for models that are quick to make and few who judge them."""

    def make(folder: Path) -> None:
        shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
        (folder / "train.toml").write_text(
            "[als]\nfactors = 8\n[evaluation]\ncustomers = 40\n"
            "[search]\nenabled = false\ncustomers = 60\n"
        )

    return made_once(tmp_path_factory, "few", make)
