"""Lists for other programs, written piece by piece: CSV that no spreadsheet runs, or Parquet."""

from pathlib import Path
from typing import Final, Self

import polars as pl
import pyarrow.parquet as pq

from engine.errors import ConfigError
from training.csv_cells import harmless

KINDS: Final = (".csv", ".parquet")


def require_kind(path: Path) -> None:
    """Raises ConfigError for a name that says neither CSV nor Parquet."""
    if path.suffix not in KINDS:
        raise ConfigError(f"{path}: must end in {' or '.join(KINDS)}")


class ListWriter:
    """The first piece decides the columns; every piece must have them."""

    def __init__(self, path: Path, suffix: str) -> None:
        self._path = path
        self._csv = suffix == ".csv"
        self._file = path.open("wb")
        self._parquet: pq.ParquetWriter | None = None
        self._begun = False

    def write(self, piece: pl.DataFrame) -> None:
        if self._csv:
            mark = not self._begun  # spreadsheets take UTF-8 without a mark for something else
            harmless(piece).write_csv(self._file, include_bom=mark, include_header=mark)
        else:
            table = piece.to_arrow()
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self._file, table.schema, compression="zstd")
            self._parquet.write_table(table)
        self._begun = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._parquet is not None:
            self._parquet.close()
        self._file.close()
