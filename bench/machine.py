"""The machine that a figure was measured on, and where figures are kept."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).parent / "results"
LIBRARIES: Final = ("numpy", "faiss-cpu", "implicit", "polars", "fastapi", "uvicorn", "redis")


def machine() -> dict[str, object]:
    return {
        "processor": _line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _line(path: str, key: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def keep(name: str, figures: dict[str, object], before: dict[str, object]) -> None:
    """Print the figures and write them to bench/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    document = json.dumps({"bench": name, "machine": before, **figures}, indent=1)
    (RESULTS / f"{name}.json").write_text(document + "\n", encoding="utf-8")
    print(document)
