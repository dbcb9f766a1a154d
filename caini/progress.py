"""A bar on standard error for what takes minutes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress_bar(name: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Yields what is to be told how many more are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not shown) as bar:
        task = bar.add_task(name, total=total)
        yield lambda more: bar.advance(task, more)
