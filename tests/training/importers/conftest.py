"""Imports of small sources, written down in the test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training.import_job import ImportOptions, ImportSummary, import_log
from training.log import Log, read_log

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Imported:
    log: Log
    summary: ImportSummary

    @property
    def frame(self) -> pl.DataFrame:
        return self.log.frame

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.log.frame.to_dicts()


Importing = Callable[..., Imported]


@pytest.fixture
def importing(tmp_path: Path) -> Importing:
    """(format, text, bytes or a file, options …) -> what came of it; all may be rejected."""

    def run(format_name: str, source: str | bytes | Path, **options: Any) -> Imported:
        if isinstance(source, str):
            source = source.encode("utf-8")
        if isinstance(source, bytes):
            (tmp_path / "source").write_bytes(source)
            source = tmp_path / "source"
        full = {"max_reject_share": 1.0, "format_name": format_name} | options
        summary = import_log(source, tmp_path / "log.parquet", ImportOptions(**full))
        return Imported(read_log(summary.out), summary)

    return run


@pytest.fixture
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip("no real data beside the project")
    return REAL_DATA
