"""Rows that are no events: kept beside the log, each with its line and its reason."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TextIO

from engine.errors import LogError

RAW_BYTES: Final = 1024  # decision: enough to recognise a line, too little to fill a disk
DETAIL_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Reject:
    """`line` counts from 1 in the source; for Parquet it is the row."""

    line: int
    reason: str  # a code such as item_id_missing
    detail: str
    raw: str


class Quarantine:
    """Appends rejects to a file and counts them. The file stays, whatever becomes of the import,
    unless it could not be written to the end.

    Without a reject there is no file, and one from an earlier import is removed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.by_reason: Counter[str] = Counter()
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: TextIO = self._unfinished.open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def add(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self.by_reason[reject.reason] += 1
            self._file.write(_to_json(reject) + "\n")

    def total(self) -> int:
        return self.by_reason.total()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            self._file.close()
            if isinstance(error, OSError):
                return
            if self.total():
                self._unfinished.replace(self.path)
            else:
                self.path.unlink(missing_ok=True)
        finally:
            self._unfinished.unlink(missing_ok=True)


def require_few(
    quarantine: Quarantine, rows: int, max_share: float, source: str, wanted: str, unwritten: str
) -> None:
    """LogError where more than `max_share` of the rows were rejected, or there are none."""
    if not rows:
        raise LogError(f"{source} holds no rows")
    rejected = quarantine.total()
    if rejected > max_share * rows:
        worst = ", ".join(f"{reason} {n:,}" for reason, n in quarantine.by_reason.most_common(3))
        raise LogError(
            f"{rejected:,} of {rows:,} rows ({rejected / rows:.1%}) of {source} "
            f"are no {wanted}, more than the {max_share:.1%} allowed ({worst}); "
            f"they are in {quarantine.path}, and no {unwritten} was written"
        )


def cut(raw: str) -> str:
    """At most RAW_BYTES bytes of UTF-8, never half a character."""
    packed = raw[:RAW_BYTES].encode("utf-8", errors="replace")
    return packed[:RAW_BYTES].decode("utf-8", errors="ignore")


def _to_json(reject: Reject) -> str:
    fields = {
        "line": reject.line,
        "reason": reject.reason,
        "detail": reject.detail[:DETAIL_CHARACTERS],
        "raw": cut(reject.raw),
    }
    return json.dumps(fields, ensure_ascii=False)
