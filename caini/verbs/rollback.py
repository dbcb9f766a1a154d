"""`caini rollback`: an older bundle becomes the live one."""

from pathlib import Path

from caini.printed import print_json
from training.publish import current, rollback


def run(bundles: Path, version: str | None, *, as_json: bool) -> None:
    before = current(bundles)
    now = rollback(bundles, version)
    if as_json:
        print_json({"before": before, "current": now})
    else:
        print(f"{now} is live; before it was {before}")  # noqa: T201
