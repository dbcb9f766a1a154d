"""What a run has done so far, kept so that a killed one is taken up where it stopped.

BUNDLES/.retrain/<key>/ holds a JSON file for each stage that is done, and the bundles it made; the
key says what went in (log, catalogue, configuration, code), so nothing is reused for other inputs.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from training.whole_file import write_whole

WORK: Final = ".retrain"
ENDED: Final = "ended"  # the stage after which nothing is left to take up
TAKEN_UP_S: Final = 12 * 3600  # decision: then newer events are worth more than the work
Document = dict[str, Any]


class Stages:
    """Owns the folder of one run; `told` says how long each stage took and which were reused."""

    def __init__(self, bundles: Path, key: str) -> None:
        self.folder = bundles / WORK / key
        self.told: dict[str, Document] = {}

    def begin(self) -> None:
        """Makes the folder, and removes those of other inputs: nobody will take them up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for other in self.folder.parent.iterdir():
            if other != self.folder:
                shutil.rmtree(other)

    def unfinished(self) -> bool:
        """A stage is done, the run is not, and it is young enough to be worth going on with."""
        done = list(self.folder.glob("*.json"))
        if not done or self.path(ENDED).is_file():
            return False
        return time.time() - max(path.stat().st_mtime for path in done) < TAKEN_UP_S

    def path(self, stage: str) -> Path:
        return self.folder / f"{stage}.json"

    def once(
        self,
        stage: str,
        work: Callable[[], Document],
        still_good: Callable[[Document], bool] = lambda _: True,
    ) -> Document:
        """The result of `work`, done now or kept from before."""
        started = time.monotonic()
        kept = read_document(self.path(stage))
        reused = kept is not None and still_good(kept)
        done = kept if kept is not None and reused else work()
        if not reused:
            write_document(done, self.path(stage))
        self.told[stage] = {"seconds": round(time.monotonic() - started, 2), "reused": reused}
        return done

    def end(self) -> None:
        write_document({}, self.path(ENDED))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def key_of_run(inputs: Mapping[str, str]) -> str:
    return sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def digest_of(*paths: Path) -> str:
    """Of the files' contents; "" for one that is not there."""
    told = sha256()
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                told.update(file_digest(file, "sha256").digest())
        told.update(b"|")
    return told.hexdigest()


def read_document(path: Path) -> Document | None:
    try:
        document: Document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document


def write_document(document: Mapping[str, Any], path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.parent, json.dumps(document, ensure_ascii=False, indent=1), path)
