"""What a notebook starts from: a log and bundles of yours, or of a small simulated shop."""

import os
from pathlib import Path
from typing import Final

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from training.publish import publish
from training.train import fit, open_source, read_settings, without_search

ROOT: Final = Path(__file__).parents[1]
CONFIG: Final = ROOT / "config"
SHOP: Final = DemoConfig(customers=600, items=300)


def sample_log() -> Path:
    """The log that CAINI_LOG names; else one that is simulated when it is first asked for."""
    if named := os.environ.get("CAINI_LOG"):
        return Path(named)
    log = ROOT / "data" / "notebooks" / "log.parquet"
    if not log.is_file():
        log.parent.mkdir(parents=True, exist_ok=True)
        write_simulated(simulate(SHOP), log)
    return log


def sample_bundles() -> Path:
    """The folder that CAINI_BUNDLES names; else one that is trained when it is first asked for."""
    if named := os.environ.get("CAINI_BUNDLES"):
        return Path(named)
    bundles = ROOT / "data" / "notebooks" / "bundles"
    if not (bundles / "current").is_file():
        settings = without_search(read_settings(CONFIG))
        source = open_source(sample_log(), None)
        publish(fit(source, settings, {}, now=lambda: SHOP.end_ms, say=_unheard), bundles)
    return bundles


def _unheard(step: str) -> None:
    del step
