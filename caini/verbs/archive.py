"""`caini archive`: what the server accepted joins the log."""

from dataclasses import asdict
from pathlib import Path

from caini.archiving import archive_store, cut_store, is_there, no_store, settings_of
from caini.erasing import erase_in_log
from caini.printed import print_json
from serving.logs import configure


def run(
    log: Path,
    *,
    bundles: Path | None,
    url: str | None,
    data: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """With `bundles` it also cuts from the store what all of them hold."""
    configure("warning")  # standard output is the result's
    settings = settings_of(url, data)
    if settings is None or not is_there(settings):
        raise no_store(settings)
    erase_in_log(log, settings)
    archived = archive_store(log, settings, config)
    gone = None if bundles is None else cut_store(log, bundles, settings)
    if as_json:
        shortened = None if gone is None else {**asdict(gone), "through": str(gone.through)}
        print_json({**asdict(archived), "log": str(log), "cut": shortened})
        return
    print(  # noqa: T201
        f"{archived.events} new events in {log}, {archived.repeated} repeated; "
        f"the stream is archived up to {archived.stream_through}"
    )
    if gone is not None:
        print(  # noqa: T201
            f"cut from the store: {gone.from_stream} of the stream, {gone.from_tails} of tails"
        )
