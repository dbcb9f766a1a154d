"""`caini erase`: what customers asked to be forgotten leaves the files too."""

import time
from collections.abc import Sequence
from pathlib import Path

from caini.archiving import is_there, no_store, settings_of
from caini.erasing import erase_everywhere
from caini.printed import print_json
from serving.logs import configure
from training.stages import write_document


def run(
    log: Path,
    *,
    bundles: Path | None,
    url: str | None,
    data: Path | None,
    older_than_days: float,
    ledgers: Sequence[Path],
    as_json: bool,
) -> None:
    """The account of it is printed, and left in LOG.erased-done.json. It names nobody.

    Raises StoreError after that when there was no store to ask who is to be erased.
    """
    configure("warning")  # standard output is the result's
    settings = settings_of(url, data)
    store = settings if settings is not None and is_there(settings) else None
    told = erase_everywhere(log, bundles, store, older_than_days=older_than_days, ledgers=ledgers)
    account = {**told, "at": round(time.time() * 1000)}
    write_document(account, log.with_suffix(".erased-done.json"))
    if as_json:
        print_json(account)
    else:
        print(  # noqa: T201
            f"{told['erased']} ids are erased; {told['log']} lines were taken out of {log}"
        )
        for ledger in told["ledgers"]:
            print(f"searched: {ledger}")  # noqa: T201
        state = "complete" if told["complete"] else f"remaining: {', '.join(told['remaining'])}"
        print(state)  # noqa: T201
    if store is None:
        raise no_store(settings)
