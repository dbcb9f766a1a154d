"""A verb that meets a full disk says which of its places is full."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final

from training.whole_file import room_in

WRITTEN_TO: Final = ("out", "bundles", "log", "ledger", "data", "folder")  # options, in this order


def telling_of_room(verb: Callable[..., None]) -> Callable[..., None]:
    """Raises NoRoom where the verb would end with what the operating system says, unexplained."""

    @wraps(verb)
    def telling(**options: Any) -> None:
        with room_in(*places(options)):
            verb(**options)

    return telling


def places(options: Mapping[str, Any]) -> tuple[Path, ...]:
    """The folders that these options name, or the files in them."""
    named = [options.get(name) for name in WRITTEN_TO]
    paths = [path for path in named if isinstance(path, Path)] or [Path()]
    return tuple(path.parent if path.suffix and not path.is_dir() else path for path in paths)
