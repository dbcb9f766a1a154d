"""All ledgers of what was sent that a folder of bundles knows of, and how erased people leave them.

Lists may be remembered in a ledger elsewhere (`--ledger`). BUNDLES/.sent/ledgers.json names those,
so that an erasure finds them.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.customers.identity import customer_node
from engine.customers.tombstones import Tombstones
from training.publish import one_at_a_time
from training.sent import BUSY_S, IN_USE, OF_PEOPLE
from training.stages import read_document, write_document

SENT: Final = ".sent"


@dataclass(frozen=True, slots=True)
class Purged:
    """`searched` are paths; `unsearched` are sentences that say why."""

    messages: int
    searched: tuple[str, ...]
    unsearched: tuple[str, ...]


def default_ledger(bundles: Path) -> Path:
    """One for all lists and triggers of a shop, so that caps count both."""
    return bundles / SENT / "ledger.sqlite"


def remember_ledger(bundles: Path, ledger: Path) -> None:
    """Nothing where it is the default one. Raises OSError where the folder cannot be written to."""
    known, path = _told(bundles), ledger.resolve()
    if str(path) in known or path == default_ledger(bundles).resolve():
        return
    with one_at_a_time(bundles):
        write_document({"ledgers": sorted({*_told(bundles), str(path)})}, _note(bundles))


def ledgers_of(bundles: Path) -> list[Path]:
    """The default one first. One whose folder is there and which is not was taken away."""
    default = default_ledger(bundles)
    told = [Path(path) for path in _told(bundles)]
    elsewhere = [path for path in told if path.is_file() or not path.parent.is_dir()]
    return [*([default] if default.is_file() else []), *elsewhere]


def purge_ledgers(ledgers: Iterable[Path], erased: Tombstones) -> Purged:
    """Who was erased leaves each of them, once or never; what cannot be opened is told."""
    messages, searched, unsearched = 0, [], []
    for path in dict.fromkeys(each.resolve() for each in ledgers):
        try:
            messages += _purge(path, erased)
        except sqlite3.DatabaseError as error:
            unsearched.append(f"{path}: {_why(error, path)}")
        else:
            searched.append(str(path))
    return Purged(messages, tuple(searched), tuple(unsearched))


def _purge(path: Path, erased: Tombstones) -> int:
    """How many lines went; they are overwritten where they lay."""
    gone = 0
    uri = f"{path.as_uri()}?mode=rw"  # one that is not there is not made
    with closing(sqlite3.connect(uri, timeout=BUSY_S, uri=True)) as database, database:
        database.execute("PRAGMA secure_delete = ON")
        made = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        for table in sorted(made & OF_PEOPLE):
            found = database.execute(f"SELECT DISTINCT customer_id FROM {table}").fetchall()  # noqa: S608  # one of ours
            dated = [(each, at) for (each,) in found if (at := erased.at(customer_node(each)))]
            gone += (
                database.executemany(
                    f"DELETE FROM {table} WHERE customer_id = ? AND at <= ?",  # noqa: S608
                    dated,
                ).rowcount
                if dated
                else 0
            )
    return gone


def _why(error: sqlite3.DatabaseError, path: Path) -> str:
    if not path.is_file():
        return "this ledger is away"
    return IN_USE if "locked" in str(error) else f"is no ledger of what was sent: {error}"


def _told(bundles: Path) -> list[str]:
    return list((read_document(_note(bundles)) or {}).get("ledgers", ()))


def _note(bundles: Path) -> Path:
    return bundles / SENT / "ledgers.json"
