"""What triggers have met before, told or not: so that what comes late is late by when it was met.

An order may reach the log days after it was made, and a job may stand still. From when a customer
is late for a message is counted from the first run that met its cause; the first run of all meets
what happened in years, and takes each as of when it happened. So does the first run under other
rules, for these make thousands reach a tier in one night.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.persons import Persons

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rules (name TEXT NOT NULL PRIMARY KEY, said TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (
    name TEXT NOT NULL, customer_id TEXT NOT NULL, occasion TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, customer_id, occasion)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Inside the ledger's transaction: a run that sends nothing has met nothing."""

    database: sqlite3.Connection
    persons: Persons

    def first_under(self, trigger: str, rules: str) -> bool:
        """No run before, or its rules were others. Remembers these."""
        row = self.database.execute("SELECT said FROM rules WHERE name = ?", (trigger,)).fetchone()
        self.database.execute("INSERT OR REPLACE INTO rules VALUES (?, ?)", (trigger, rules))
        return row is None or row[0] != rules

    def since(self, trigger: str, customer_id: str) -> dict[str, int]:
        """Occasion → from when being late is counted (epoch ms), under any id of the person."""
        query = "SELECT occasion, at FROM seen WHERE name = ? AND customer_id = ?"
        found: dict[str, int] = {}
        for each in self.persons.ids(customer_id):
            for occasion, at in self.database.execute(query, (trigger, each)):
                found[occasion] = min(at, found.get(occasion, at))
        return found

    def remember(self, trigger: str, customer_id: str, since: Mapping[str, int]) -> None:
        self.database.executemany(
            "INSERT INTO seen VALUES (?, ?, ?, ?)",
            ((trigger, customer_id, occasion, at) for occasion, at in since.items()),
        )
