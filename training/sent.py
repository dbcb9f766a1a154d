"""What was sent to whom: the ledger that caps, repeats and causes are held against.

One SQLite file. A run is one transaction, so that two runs never decide at the same time, and a
run that ends early has sent nothing. What is sent appears in this order:

1. the list is written whole under another name, and is on the disk (fsync);
2. the ledger says that it is sent, and is on the disk (commit);
3. the list gets its name.

A run that ends between 2 and 3, however it ends, is finished by the next one, from the whole file
of step 1. So nobody is in two lists for one cause: at most once, and once where that file is left
alone. No step writes over a file that is there.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from engine.customers.outreach import Cause
from engine.errors import ConfigError, LeaseError
from training.persons import NO_PERSONS, Persons
from training.sending import BETWEEN, PLACED, Message, Sending, give_name, require_free
from training.sightings import SCHEMA as SIGHTINGS
from training.sightings import Sightings

__all__ = ["Ledger", "Message", "Past", "Subject", "open_ledger"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS lists (
    list INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL, path TEXT NOT NULL,
    part TEXT NOT NULL, placed INTEGER NOT NULL DEFAULT 0, about TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS messages (
    customer_id TEXT NOT NULL, at INTEGER NOT NULL, list INTEGER NOT NULL, held INTEGER NOT NULL,
    items TEXT NOT NULL, PRIMARY KEY (customer_id, at, list)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS causes (
    name TEXT NOT NULL, customer_id TEXT NOT NULL, occasion TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, customer_id, occasion)
) WITHOUT ROWID;
"""
BEFORE_ABOUT: Final = (  # ledgers of before hold what lists are about in their names
    "ALTER TABLE lists ADD COLUMN about TEXT NOT NULL DEFAULT ''",
    "UPDATE lists SET about = name",
)
OF_PEOPLE: Final = frozenset(
    {"messages", "causes", "seen"}
)  # tables with a customer_id and an instant
BUSY_S: Final = 1.0  # decision: another run takes minutes; waiting for it is the scheduler's work
MANY: Final = 10_000  # ids in one question; SQLite takes 32,766
IN_USE: Final = "another run works with it; start again later"


@dataclass(frozen=True, slots=True)
class Past:
    """What a customer was sent lately: instants, and items."""

    at: tuple[int, ...] = ()
    items: frozenset[str] = frozenset()


NOTHING: Final = Past()


class Subject(NamedTuple):
    """What lists under any names are about, from an instant on: "campaign:spring"."""

    about: str
    since: int


@dataclass(frozen=True, slots=True)
class Known:
    """Of some customers, what lists of one name or about one subject have done."""

    sent: frozenset[str]
    held: frozenset[str]


class Ledger:
    """Owns the file from `open_ledger` to its end; everything is inside one transaction.

    Who was sent something under another of their ids was sent it: it is told of the person.
    """

    def __init__(self, connection: sqlite3.Connection, persons: Persons) -> None:
        self._database = connection
        self._persons = persons
        self._writing = -1  # the list that is being made
        self.sightings = Sightings(connection, persons)

    def past(self, customers: Sequence[str], since: int, items_since: int) -> dict[str, Past]:
        """Messages and items later than two instants, of some thousands of customers.

        What the holdout was not sent does not count, nor does the list that is being made.
        """
        found: dict[str, Past] = {}
        ids = list(chain.from_iterable(map(self._persons.ids, customers)))
        start = min(since, items_since)
        for customer, at, items in chain.from_iterable(
            self._messages(ids[place : place + MANY], start) for place in range(0, len(ids), MANY)
        ):
            one = self._persons.one(customer)
            known = found.get(one, NOTHING)
            new = items.split(BETWEEN) if items and at > items_since else ()
            times = (*known.at, at) if at > since else known.at
            found[one] = Past(times, known.items.union(new))
        return found

    def known(
        self, name: str, customers: Sequence[str], since: int, subject: Subject | None = None
    ) -> Known:
        """Who was sent a list of that name later than an instant, and who was ever held out of one;
        and who was either by a list about the subject.

        The list that is being made does not count.
        """
        about, about_since = subject or (None, 0)  # nothing equals NULL
        ids = list(chain.from_iterable(map(self._persons.ids, customers)))
        found: tuple[set[str], set[str]] = (set(), set())
        for place in range(0, len(ids), MANY):
            some = ids[place : place + MANY]
            query = (
                "SELECT customer_id, held FROM messages JOIN lists USING (list) "  # noqa: S608
                f"WHERE customer_id IN ({','.join('?' * len(some))}) AND list <> ? "
                "AND (name = ? AND (held = 1 OR messages.at > ?) "
                "OR about = ? AND messages.at >= ?)"
            )
            asked = (*some, self._writing, name, since, about, about_since)
            for customer, held in self._database.execute(query, asked):
                found[held].add(self._persons.one(customer))
        return Known(*map(frozenset, found))

    def _messages(self, ids: Sequence[str], since: int) -> sqlite3.Cursor:
        marks = ",".join("?" * len(ids))
        query = (
            "SELECT customer_id, at, items FROM messages "  # noqa: S608  # marks alone
            f"WHERE customer_id IN ({marks}) AND at > ? AND held = 0 AND list <> ?"
        )
        return self._database.execute(query, (*ids, since, self._writing))

    def members(self, name: str, within: int = 0) -> dict[str, int]:
        """Who was sent the latest list of that name, or one `within` ms before it, and when."""
        rows = self._database.execute(
            "SELECT customer_id, messages.at FROM messages JOIN lists USING (list) "
            "WHERE name = ? AND held = 0 AND "
            "messages.at >= (SELECT max(at) FROM lists WHERE name = ?) - ? ORDER BY messages.at",
            (name, name, within),
        )
        return {self._persons.one(customer): at for customer, at in rows}

    def names(self) -> list[str]:
        rows = self._database.execute("SELECT DISTINCT name FROM lists ORDER BY name")
        return [name for (name,) in rows]

    def new_causes(self, causes: Iterable[Cause]) -> list[Cause]:
        """Those that have led to no message yet, sorted and each once."""
        query = "SELECT 1 FROM causes WHERE name = ? AND customer_id = ? AND occasion = ?"
        return [
            cause
            for cause in sorted(set(causes))
            if not any(
                self._database.execute(query, cause._replace(customer_id=each)).fetchone()
                for each in self._persons.ids(cause.customer_id)
            )
        ]

    def sending(self, name: str, path: Path, at: int, about: str = "") -> Sending:
        """A list to be. Raises ConfigError when the file is there: its messages may wait in it."""
        require_free(path)
        if not path.parent.is_dir():
            raise ConfigError(f"{path.parent}: there is no such folder")
        row = self._database.execute(
            "INSERT INTO lists (name, at, path, part, about) VALUES (?, ?, ?, '', ?)",
            (name, at, str(path.resolve()), about),
        )
        number = self._writing = int(row.lastrowid or 0)
        part = path.resolve().with_name(f".{path.name}.{number}.part")
        self._database.execute("UPDATE lists SET part = ? WHERE list = ?", (str(part), number))
        return Sending(self._database, number, at, part, path)

    def finish(self) -> None:
        """Give their names to lists that an earlier run left between steps 2 and 3.

        Raises ConfigError where another file has such a name by now; both stay as they are. One
        whose folder is away is left for later.
        """
        rows = self._database.execute("SELECT list, part, path FROM lists WHERE placed = 0")
        faults = []
        for number, part, path in rows.fetchall():
            if not Path(path).parent.is_dir():
                continue
            try:
                give_name(Path(part), Path(path))
            except ConfigError as error:
                faults.append(str(error))
            else:
                self._database.execute(PLACED, (number,))
        self._database.commit()
        if faults:
            raise ConfigError("\n".join(faults))
        self._database.execute("BEGIN IMMEDIATE")


def _make(connection: sqlite3.Connection) -> None:
    """The tables, where there are none, with what was added since."""
    for statement in (SCHEMA + SIGHTINGS).split(";"):
        connection.execute(statement)
    columns = connection.execute("PRAGMA table_info(lists)")
    if "about" not in {name for _, name, *_ in columns}:
        for statement in BEFORE_ABOUT:
            connection.execute(statement)


@contextmanager
def open_ledger(
    path: Path, persons: Persons = NO_PERSONS, *, only_looking: bool = False
) -> Iterator[Ledger]:
    """Raises LeaseError while another run has it, ConfigError when the file is no ledger.

    `only_looking`: nothing is remembered, and nothing is made where there is no ledger yet.
    """
    if not only_looking:
        path.parent.mkdir(parents=True, exist_ok=True)
    place = ":memory:" if only_looking and not path.exists() else path
    connection = sqlite3.connect(place, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = EXTRA")  # a commit is on the disk
        connection.execute("BEGIN IMMEDIATE")
        _make(connection)
        ledger = Ledger(connection, persons)
        if not only_looking:
            ledger.finish()
        yield ledger
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise LeaseError(f"{path}: {IN_USE}") from error
        raise
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: is no ledger of what was sent: {error}") from error
    finally:
        connection.close()  # what was not committed has not happened
