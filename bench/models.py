"""How good the models are on a published split: Recall@20 and NDCG@20, all unseen items ranked.

python -m bench models FOLDER: a folder with train.txt and test.txt, each line a customer and its
items. Settings are chosen on a part of train alone; test is seen once, by what was chosen.
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

MODELS = "blend,similar,als,popular"
CUSTOMERS = 10_000  # drawn by the seed: a standard error below 0.002


def main(words: list[str]) -> None:
    if not words:
        return  # only on data that somebody has
    before = machine()
    folder = Path(words[0])
    with tempfile.TemporaryDirectory() as scratch:
        train = imported(folder / "train.txt", Path(scratch))
        test = imported(folder / "test.txt", Path(scratch))
        figures = evaluated(train, test, Path(scratch), words[1:])
    keep(f"models-{folder.name}", figures, before)


def imported(lines: Path, scratch: Path) -> Path:
    log = scratch / f"{lines.stem}.parquet"
    caini("import", lines, "--format", "lists", "--out", log, "--quiet")
    return log


def evaluated(train: Path, test: Path, scratch: Path, more: list[str]) -> dict[str, Any]:
    """One `caini evaluate` as a process of its own."""
    started = time.perf_counter()
    asked = ["--split", "given", "--test", test, "--models", MODELS, "--json", *more]
    told = json.loads(caini("evaluate", "--log", train, "--config", configured(scratch), *asked))
    used = getrusage(RUSAGE_CHILDREN)
    names = MODELS.split(",")
    return {
        "customers": told["customers_new"],
        "models": {name: told[name]["new_items"] for name in names},
        "intervals": {name: told["intervals"][name]["new_items"] for name in names},
        "customers_a_second": told["customers_a_second"],
        "megabytes": told["megabytes"],
        "fit_s": told["fit_s"],
        "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": told["peak_mib"],
        "search": told["search"],
    }


def configured(scratch: Path) -> Path:
    """The shop's own settings, but more customers are asked, and for twenty."""
    folder = scratch / "config"
    folder.mkdir()
    for name in ("shop.toml", "slots.toml"):
        (folder / name).write_text((Path("config") / name).read_text("utf-8"), "utf-8")
    asked = f"[evaluation]\ncustomers = {CUSTOMERS}\ncutoffs = [20]\n"
    (folder / "train.toml").write_text(asked, "utf-8")
    return folder


def caini(*words: object) -> str:
    command = [sys.executable, "-m", "caini", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
