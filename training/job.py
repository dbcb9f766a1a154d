"""One retraining: what it is asked to do, what it needs of the world, what it tells."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from engine.bundle import SCHEMA_VERSION
from engine.shop import read_toml
from training.assemble import Say
from training.findings import Finding
from training.gate import Rehearse
from training.lease import LIFE_S
from training.log import items_path
from training.stages import Document, digest_of

RESULT: Final = "retrain.json"
SETTINGS: Final = ("shop.toml", "slots.toml")
TRAIN: Final = "train.toml"
UNTRAINED: Final = frozenset({"report"})  # sections of it that no step before the report reads


@dataclass(frozen=True, slots=True)
class Job:
    log: Path
    bundles: Path
    config: Path
    items: Path | None = None
    dry_run: bool = False
    override: str | None = None  # why errors of checks and gate do not count this time
    search: bool = True  # False: as configured, whatever [search] says


@dataclass(frozen=True, slots=True)
class Outside:
    """All that the job needs of the world; what is None is left out."""

    now: Callable[[], int]
    say: Say
    rehearse: Rehearse | None = None
    archive: Callable[[], Document] | None = None
    cut: Callable[[], Document | None] | None = None
    waiting: Callable[[], int] | None = None  # events that `archive` would find
    lease_s: float = LIFE_S


@dataclass(slots=True)
class Result:
    """What schedulers read; grows while the job runs, so that a failure tells how far it came."""

    status: str = "running"  # then published, unchanged, dry run, or the kind of failure
    version: str | None = None
    champion: str | None = None  # what was live before
    inputs: dict[str, str] = field(default_factory=dict)
    archived: Document | None = None
    waiting: int | None = None  # of a dry run: accepted events that it left in the store
    checks: list[Finding] = field(default_factory=list)
    gate: list[Finding] = field(default_factory=list)
    metrics: Document = field(default_factory=dict)
    stages: dict[str, Document] = field(default_factory=dict)
    override: str | None = None  # only where it was needed
    removed: list[str] = field(default_factory=list)
    cut: Document | None = None
    ledgers: Document | None = None  # whom erasures took out of what was sent, and where
    report: Document | None = None
    token: int | None = None

    def as_json(self) -> Document:
        return asdict(self)


def inputs_of(job: Job) -> dict[str, str]:
    """Whatever of these changes, the bundle may; where none has, there is nothing to do.

    Raises ConfigError for a train.toml that cannot be read.
    """
    settings = sorted({job.config / name for name in SETTINGS} | set(job.config.glob("*.jsonl")))
    return {
        **read_by(job.log, job.items),
        "config": digest_of(*settings),
        "train": _of_training(job.config / TRAIN),
        "search": str(job.search),
    }


def read_by(log: Path, items: Path | None) -> dict[str, str]:
    """What a result depends on besides the settings: the data, and the code that reads it."""
    return {
        "log": digest_of(log),
        "items": digest_of(items_path(log) if items is None else items),
        "code": installed_version("caini"),
        "format": str(SCHEMA_VERSION),
    }


def _of_training(path: Path) -> str:
    """train.toml but for its comments, and what only the report asks for."""
    told = {name: said for name, said in read_toml(path).items() if name not in UNTRAINED}
    return sha256(json.dumps(told, default=str).encode()).hexdigest()
