"""The command `caini`: its verbs, in the order of its help."""

import sys
from collections.abc import Callable
from typing import Final

import typer

from caini.commands import asking, data, running, training
from caini.refusals import told
from caini.room import telling_of_room
from engine.errors import CainiError

VERBS: Final[tuple[Callable[..., None], ...]] = (
    data.import_,
    training.train,
    data.archive,
    data.erase,
    training.retrain,
    training.evaluate,
    training.tune,
    asking.recommend,
    asking.batch,
    asking.segments,
    asking.tags,
    asking.audience,
    asking.triggers,
    training.report,
    training.versions,
    training.rollback,
    running.serve,
    running.key,
    running.demo,
    running.doctor,
)

app = typer.Typer(
    name="caini",
    help="Caini (猜你喜欢): a recommendation engine that knows who is asking.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # measured: boxes around the help take two thirds of its time
    pretty_exceptions_enable=False,
)
for verb in VERBS:
    app.command(verb.__name__.rstrip("_"))(telling_of_room(verb))


def main() -> None:
    """Ends with the error's exit code; its message goes to standard error."""
    asked: dict[str, str | None] = {}
    try:
        app(obj=asked)
    except CainiError as error:
        for line in told(error, asked.get("lang")):
            print(line, file=sys.stderr)  # noqa: T201  # this is the terminal
        raise SystemExit(error.exit_code) from error
    except BrokenPipeError as error:  # the reader of a pipe has gone; nothing to say to it
        raise SystemExit(0) from error
