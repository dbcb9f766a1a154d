"""What a look at a log or a bundle found: one line each, with how grave it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.config import Config


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"  # told, and the work goes on
    ERROR = "error"  # the work stops, unless it is overridden with a reason


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    severity: Severity
    said: str
    value: float | None = None


class Limits(Config):
    """A value above `warning` is told, one above `error` stops the run; None: never."""

    warning: float | None = None
    error: float | None = None

    def grade(self, value: float) -> Severity:
        if self.error is not None and value > self.error:
            return Severity.ERROR
        if self.warning is not None and value > self.warning:
            return Severity.WARNING
        return Severity.OK


def errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def listed(findings: Sequence[Finding]) -> str:
    """One line each, for an error message."""
    return "\n".join(f"{finding.check}: {finding.said}" for finding in findings)
