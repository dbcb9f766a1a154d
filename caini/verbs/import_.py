"""`caini import`: a shop's file becomes a behaviour log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from caini.instants import wall_clock
from caini.printed import print_json
from training.import_job import (
    DEFAULT_MINOR_UNITS,
    DEFAULT_REJECT_SHARE,
    ImportOptions,
    ImportSummary,
    import_log,
)


def run(
    source: Path,
    out: Path,
    *,
    format: str,  # noqa: A002  # the option's name
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
    """Prints what became of the rows: a table, one JSON object, or nothing; progress on stderr."""
    options = ImportOptions(
        format_name=format,
        mapping=mapping,
        max_reject_share=max_reject_share,
        currency=currency,
        minor_units=DEFAULT_MINOR_UNITS if minor_units is None else minor_units,
        channel=channel,
        quarantine=quarantine,
        encoding=encoding,
    )
    with _progress(source.name, shown=not quiet and not as_json) as progress:
        summary = import_log(source, out, options, progress, now=wall_clock())
    if as_json:
        print_json(to_json(summary))
    elif not quiet:
        Console().print(to_table(summary))


def to_json(summary: ImportSummary) -> dict[str, object]:
    """Paths as text, instants in ISO 8601."""
    fields = asdict(summary)
    paths = {name: None if (path := fields[name]) is None else str(path) for name in _PATHS}
    instants = {name: fields[name].isoformat() for name in ("first_at", "last_at")}
    return fields | paths | instants


def to_table(summary: ImportSummary) -> Table:
    table = Table(title=f"{summary.events:,} events in {summary.out}")
    table.add_column("rows of the source")
    table.add_column("reason")
    table.add_column("count", justify="right")
    for title, counts in (
        ("events", summary.by_type),
        ("set aside", summary.set_aside),
        ("rejected", summary.rejected),
    ):
        for reason, count in counts.items():
            table.add_row(title, reason, f"{count:,}")
        table.add_section()
    table.add_row("read", "", f"{summary.rows:,}")
    table.caption = Text(_caption(summary))  # square brackets are no markup
    return table


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
