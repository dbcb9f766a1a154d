"""Every error that Caini raises on purpose.

CainiError                                                                            exit 1
├── NoRoom             the disk is full; nothing that was there is lost              exit 1
├── ConfigError        a setting is wrong; all faults of the file at once            exit 2
│   └── FileAway       its file could not be read; what is in it may be right        exit 2
├── LogError           a behaviour log or a source file cannot be used               exit 3
├── BundleError        a bundle is missing, damaged or of another format             exit 4
│   └── NothingPublished  there is none yet                                         exit 4
├── UnknownName        a name that is not in a table; lists the names that are       exit 2
├── StoreError         the store did not answer                                      exit 5
├── DataRefused        the log is not fit to train on today; what is live stays      exit 6
├── BundleRefused      the new bundle may not go live; what is live stays            exit 7
├── LeaseError         another run works on these bundles, or has overtaken this one exit 8
└── ListWaits          a list counts as sent and has not its name; the next run acts exit 9

Each message says what is wrong, where, and what would be right.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from engine.nearest import nearest

LISTED: Final = 24  # decision: names in one message; as many models, slots and segments are told


class CainiError(Exception):
    """Base of all; `exit_code` is what the command line ends with."""

    exit_code = 1


class NoRoom(CainiError):
    pass


class ConfigError(CainiError):
    exit_code = 2


class FileAway(ConfigError):
    """The file of settings could not be read just now; what is in it may be right."""


class LogError(CainiError):
    exit_code = 3


class BundleError(CainiError):
    exit_code = 4


class NothingPublished(BundleError):
    def __init__(self, bundles: object) -> None:
        self.bundles = bundles
        super().__init__(f"{bundles}: nothing is published here; run caini train first")


class UnknownName(CainiError):
    exit_code = 2

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str] | None,
        near: Sequence[str] | None = None,
    ) -> None:
        """Without `known` there are too many to list. `near` is looked for there if left out."""
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known or ()))
        self.told_of = known is not None  # those that there are
        self.near = tuple(nearest(name, self.known) if near is None else near)
        meant = f"did you mean {' or '.join(self.near)}?" if self.near else ""
        listed = "" if known is None else f"known: {self.listed() or 'none'}"
        told = " ".join(part for part in (meant, listed) if part)
        super().__init__(f"unknown {kind} {name!r}{'; ' if told else ''}{told}")

    def listed(self) -> str:
        """The first of those that there are."""
        more = f", … ({len(self.known)} in all)" if len(self.known) > LISTED else ""
        return ", ".join(self.known[:LISTED]) + more


class StoreError(CainiError):
    exit_code = 5


class DataRefused(CainiError):
    exit_code = 6


class BundleRefused(CainiError):
    exit_code = 7


class LeaseError(CainiError):
    exit_code = 8


class ListWaits(CainiError):
    exit_code = 9
