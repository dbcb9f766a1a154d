"""A list on its way: written whole, in the ledger, under its name, in this order.

`training.sent` says what each step is good for.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from engine.customers.outreach import Cause
from engine.errors import ConfigError, ListWaits
from training.whole_file import put_in_place

BETWEEN: Final = "\x1f"  # between item ids; char(31) to SQLite
PLACED: Final = "UPDATE lists SET placed = 1 WHERE list = ?"


@dataclass(frozen=True, slots=True)
class Message:
    """To one customer; `held` = they are in the holdout and got nothing."""

    customer_id: str
    items: Sequence[str] = ()
    held: bool = False


class Sending:
    """One list: write `part`, `add` its messages and causes, then `done`."""

    def __init__(
        self, database: sqlite3.Connection, number: int, at: int, part: Path, path: Path
    ) -> None:
        self._database = database
        self._number = number
        self._at = at
        self.part = part
        self._path = path

    def add(self, messages: Iterable[Message], causes: Iterable[Cause] = ()) -> None:
        """A second message of one list to one customer joins the first."""
        self._database.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "items = items || char(31) || excluded.items",
            (
                (each.customer_id, self._at, self._number, each.held, BETWEEN.join(each.items))
                for each in messages
            ),
        )
        self._database.executemany(
            "INSERT INTO causes VALUES (?, ?, ?, ?)", ((*cause, self._at) for cause in causes)
        )

    def done(self) -> None:
        with self.part.open("rb") as file:
            os.fsync(file.fileno())
        require_free(self._path)
        self._database.commit()
        give_name(self.part, self._path)
        with suppress(sqlite3.OperationalError):  # another run has the ledger by now, and does it
            self._database.execute(PLACED, (self._number,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """What is not sent goes. Raises ListWaits for what is sent and has not its name."""
        if error is None:
            return
        if not self._sent():
            self.part.unlink(missing_ok=True)
        elif self.part.exists():
            why = str(error) or "interrupted"
            raise ListWaits(
                f"{self._path}: has not its name yet ({why}), and counts as sent: leave "
                f"{self.part} where it is; the next run with this ledger names it"
            ) from error

    def _sent(self) -> bool:
        """The ledger says so, and is on the disk: asked of it, for a commit may be interrupted."""
        row = ("SELECT 1 FROM lists WHERE list = ? AND part = ?", (self._number, str(self.part)))
        return not self._database.in_transaction and bool(self._database.execute(*row).fetchone())


def require_free(path: Path) -> None:
    if path.exists():
        raise ConfigError(f"{path}: is there already, and may not be sent yet; name another")


def give_name(part: Path, path: Path) -> None:
    """Unless another run has just done it. Raises ConfigError where a file has that name."""
    if path.exists() and part.exists():  # in this order: it may be given its name in between
        raise ConfigError(
            f"{path}: has the name of a list that counts as sent and waits in {part}; move "
            f"{path.name} elsewhere, and start again"
        )
    with suppress(FileNotFoundError):
        put_in_place(part, path)
