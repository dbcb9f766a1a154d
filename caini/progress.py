"""What is said on standard error while something takes minutes: a bar, or lines that stay."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text


@contextmanager
def progress_bar(name: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Yields what is to be told how many more are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not shown) as bar:
        task = bar.add_task(name, total=total)
        yield lambda more: bar.advance(task, more)


@contextmanager
def progress_lines(
    verb: str, *, shown: bool
) -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """Yields what is to be told each stage as it begins, and what is to be told a line.

    A screen shows the present stage; a pipe gets a line for each, once, and a last one when all is
    done. Lines begin with minutes and seconds since the start, and stay.
    """
    console, started = Console(stderr=True, quiet=not shown), time.monotonic()
    begun: set[str] = set()

    def tell(said: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        console.print(Text(f"{verb}: {minutes:02}:{seconds:02} {said}"), soft_wrap=True)

    def begin(stage: str) -> None:
        if stage not in begun:
            begun.add(stage)
            tell(stage)

    if console.is_terminal:
        with console.status(verb) as status:
            yield (lambda stage: status.update(f"{verb}: {stage} …")), tell
    else:
        yield begin, tell
        tell(f"done in {time.monotonic() - started:.1f} s")
