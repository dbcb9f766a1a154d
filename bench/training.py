"""How long a bundle takes, and how much memory: simulated logs of growing size, or a log of yours.

python -m bench training [LOG.parquet]
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from bench.machine import keep, machine


def main(words: list[str]) -> None:
    before = machine()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log = Path(words[0]) if words else simulated_log(folder, 5_000, 2_000)
        figures = timed(log, folder / "bundles")
    keep("training", figures, before)


def timed(log: Path, bundles: Path) -> dict[str, Any]:
    """One `caini train` as a process of its own."""
    command = [sys.executable, "-m", "caini", "train", "--log", str(log), "--out", str(bundles)]
    started = time.perf_counter()
    told = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - started
    used = getrusage(RUSAGE_CHILDREN)
    manifest = json.loads(told.stdout)
    return {
        "counts": manifest["counts"],
        "wall_s": round(wall, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": used.ru_maxrss // 1024,
        "metrics": manifest["metrics"],
    }


def simulated_log(folder: Path, customers: int, items: int) -> Path:
    from caini.demo.shop import simulate
    from caini.demo.world import DemoConfig
    from caini.demo.write import write_simulated

    log = folder / "log.parquet"
    write_simulated(simulate(DemoConfig(customers=customers, items=items)), log)
    return log


def train_on(log: Path, bundles: Path) -> Path:
    timed(log, bundles)
    return bundles
