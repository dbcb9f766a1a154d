"""`caini import`: a shop's files become a behaviour log, and the catalogue beside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from caini.instants import wall_clock
from caini.printed import print_json
from engine.errors import ConfigError
from training.import_items import ItemsSummary, import_items
from training.import_job import (
    DEFAULT_MINOR_UNITS,
    DEFAULT_REJECT_SHARE,
    ImportOptions,
    ImportSummary,
    import_log,
)
from training.importers.formats import FORMATS
from training.importers.items import ItemsMapping
from training.importers.mapping import read_items_mapping

MAPPED: Final = "mapping"  # the format that needs --mapping for events too


def run(
    source: Path | None,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  # the option's name
    items: Path | None = None,
    mapping: Path | None = None,
    quarantine: Path | None = None,
    max_reject_share: float = DEFAULT_REJECT_SHARE,
    minor_units: int | None = None,
    currency: str | None = None,
    channel: str | None = None,
    encoding: str = "auto",
    quiet: bool = False,
    as_json: bool = False,
) -> None:
    """Prints what became of the rows: a table, one JSON object, or nothing; progress on stderr.

    Without a source the log stays as it is, and `items` becomes its catalogue.
    """
    shown = not quiet and not as_json
    of_events = {
        "format": format,
        "minor-units": minor_units,
        "currency": currency,
        "channel": channel,
    }
    _require_asked(source, items, of_events)
    columns = ItemsMapping() if mapping is None or items is None else read_items_mapping(mapping)
    told: dict[str, object] = {}
    if source is not None and format is not None:
        options = ImportOptions(
            format_name=format,
            mapping=mapping if items is None or format == MAPPED else None,
            max_reject_share=max_reject_share,
            currency=currency,
            minor_units=DEFAULT_MINOR_UNITS if minor_units is None else minor_units,
            channel=channel,
            quarantine=quarantine,
            encoding=encoding,
        )
        with _progress(source.name, shown=shown) as progress:
            summary = import_log(source, out, options, progress, now=wall_clock())
        told |= to_json(summary)
        if shown:
            Console().print(to_table(summary))
    if items is not None:
        with _progress(items.name, shown=shown) as progress:
            catalogue = import_items(
                items,
                out,
                columns,
                max_reject_share=max_reject_share,
                quarantine=quarantine if source is None else None,
                encoding=encoding,
                progress=progress,
            )
        told |= {"items": str(catalogue.out), "catalogue": items_to_json(catalogue)}
        if shown:
            Console().print(items_to_table(catalogue))
    if as_json:
        print_json(told)


def _require_asked(
    source: Path | None, items: Path | None, of_events: Mapping[str, object]
) -> None:
    if source is None and items is None:
        raise ConfigError("say what to import: SOURCE of events, --items FILE, or both")
    if source is not None and of_events["format"] is None:
        raise ConfigError(f"--format says what SOURCE is: {', '.join(FORMATS)}")
    given = [f"--{name}" for name, value in of_events.items() if value is not None]
    if source is None and given:
        raise ConfigError(f"{', '.join(given)} belongs to a SOURCE of events, and none is given")


def to_json(summary: ImportSummary) -> dict[str, object]:
    """Paths as text, instants in ISO 8601."""
    fields = asdict(summary)
    paths = {name: None if (path := fields[name]) is None else str(path) for name in _PATHS}
    instants = {name: fields[name].isoformat() for name in ("first_at", "last_at")}
    return fields | paths | instants


def to_table(summary: ImportSummary) -> Table:
    parts = {
        "events": summary.by_type,
        "set aside": summary.set_aside,
        "rejected": summary.rejected,
    }
    table = _counted(f"{summary.events:,} events in {summary.out}", "reason", parts, summary.rows)
    table.caption = Text(_caption(summary))  # square brackets are no markup
    return table


def items_to_json(catalogue: ItemsSummary) -> dict[str, object]:
    fields = asdict(catalogue)
    paths = {name: None if (path := fields[name]) is None else str(path) for name in _KEPT}
    return fields | paths


def items_to_table(catalogue: ItemsSummary) -> Table:
    parts = {
        "items with": catalogue.filled,
        "set aside": catalogue.set_aside,
        "rejected": catalogue.rejected,
    }
    title = f"{catalogue.items:,} items in {catalogue.out}"
    table = _counted(title, "column or reason", parts, catalogue.rows)
    if catalogue.quarantine is not None:
        table.caption = Text(f"the rejected rows are in {catalogue.quarantine}")
    return table


def _counted(title: str, of_what: str, parts: Mapping[str, Mapping[str, int]], rows: int) -> Table:
    """What became of the rows of a source, part by part."""
    table = Table(title=title)
    table.add_column("rows of the source")
    table.add_column(of_what)
    table.add_column("count", justify="right")
    for part, counts in parts.items():
        for name, count in counts.items():
            table.add_row(part, name, f"{count:,}")
        table.add_section()
    table.add_row("read", "", f"{rows:,}")
    return table


_KEPT = ("out", "quarantine")
_PATHS = ("out", "items", "quarantine")


def _caption(summary: ImportSummary) -> str:
    lines = [f"from {summary.first_at:%Y-%m-%d %H:%M} to {summary.last_at:%Y-%m-%d %H:%M} UTC"]
    if summary.items is not None:
        lines.append(f"the catalogue is in {summary.items}")
    if summary.quarantine is not None:
        lines.append(f"the rejected rows are in {summary.quarantine}")
    if summary.shop:
        suits = ", ".join(f'{name} = "{value}"' for name, value in summary.shop.items())
        lines.append(f"what suits it under [shop] in config/shop.toml: {suits}")
    return "\n".join(lines)


@contextmanager
def _progress(name: str, *, shown: bool) -> Iterator[Callable[[float], None]]:
    columns = (TextColumn(name), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda share: bar.update(task, completed=share)
