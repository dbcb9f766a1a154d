"""How many customers' slates a second: every customer of a bundle, on all cores.

python -m bench batch [BUNDLES]
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.machine import keep, machine


def main(words: list[str]) -> None:
    before = machine()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bundles = Path(words[0]) if words else _simulated(folder)
        figures = {}
        for slot in ("home", "my"):
            command = [sys.executable, "-m", "caini", "batch", "--bundles", str(bundles)]
            command += ["--slot", slot, "--out", str(folder / "out.parquet"), "--json"]
            told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            figures[slot] = {
                key: told[key] for key in ("customers", "seconds", "customers_a_second")
            }
    keep("batch", {"slots": figures}, before)


def _simulated(folder: Path) -> Path:
    from bench.training import simulated_log, train_on

    return train_on(simulated_log(folder, 5_000, 2_000), folder / "bundles")
