"""What a notebook starts from: a log and bundles of yours, or of a small simulated shop."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

import polars as pl

from caini.demo.shop import simulate
from caini.demo.world import DemoConfig
from caini.demo.write import write_simulated
from training.assemble import unheard
from training.publish import current, publish
from training.train import fit, open_source, read_settings

ROOT: Final = Path(__file__).parents[1]
CONFIG: Final = ROOT / "config"
FOLDER: Final = ROOT / "data" / "notebooks"
SHOP: Final = DemoConfig(customers=600, items=300)


def sample_log() -> Path:
    """The log that NOTEBOOK_LOG names; else one that is simulated when it is first asked for."""
    if named := os.environ.get("NOTEBOOK_LOG"):
        return Path(named)
    log = FOLDER / "log.parquet"
    if not log.is_file():
        log.parent.mkdir(parents=True, exist_ok=True)
        write_simulated(simulate(SHOP), log)
    return log


def sample_bundles() -> Path:
    """The folder that NOTEBOOK_BUNDLES names; else one trained on `sample_log`, once a log."""
    if named := os.environ.get("NOTEBOOK_BUNDLES"):
        return Path(named)
    log = sample_log()
    bundles = FOLDER / f"bundles-{_fingerprint(log)}"
    if current(bundles) is None:
        source = open_source(log, None)
        ended = source.log.select(pl.col("at").max().dt.epoch("ms")).collect().item()
        settings = read_settings(CONFIG, search=False)
        publish(fit(source, settings, {}, now=lambda: ended, say=unheard), bundles)
    return bundles


def _fingerprint(log: Path) -> str:
    """Of the log and of the settings, as far as a look at their files tells."""
    files = [log, *sorted(CONFIG.glob("*.toml"))]
    told = [f"{path.resolve()} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return sha256("\n".join(told).encode()).hexdigest()[:12]
