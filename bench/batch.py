"""How many customers a second: slates of every customer of a bundle, on all cores; and of the
item-to-item list alone, on one.

python -m bench batch [BUNDLES]
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.machine import keep, machine

MOST: Final = 20_000  # customers whose lists are scored
DEPTH: Final = 100


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
        scored = lists(bundles)
    keep("batch", {"slots": figures, "lists": scored}, before)


def lists(bundles: Path) -> dict[str, float]:
    """Best items by the folded list for each history: what the source `similar` does."""
    from caini.opened import live_bundle
    from engine.item_history import latest_part, saturated
    from engine.top import sum_lists

    bundle = live_bundle(bundles)
    config = bundle.shop.interactions
    table = bundle.customer_items
    histories = [
        latest_part(saturated(table.of(row), config), config.history_limit)
        for row in range(min(len(bundle.customers), MOST))
    ]
    started = time.process_time()
    for history in histories:
        sum_lists(bundle.similar, history.rows, history.weights, DEPTH)
    spent = time.process_time() - started
    return {
        "customers": len(histories),
        "items_each": round(sum(map(len, histories)) / max(len(histories), 1), 1),
        "customers_a_second_a_core": round(len(histories) / spent, 1),
    }


def _simulated(folder: Path) -> Path:
    from bench.training import simulated_log, train_on

    return train_on(simulated_log(folder, 5_000, 2_000), folder / "bundles")
