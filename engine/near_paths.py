"""Which categories somebody may have meant who named one that there is not."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from engine.catalogue import PATH_SEPARATOR
from engine.nearest import LONGEST_GUESSED

MOST: Final = 10  # named in one answer
MOST_COMPARED: Final = 500  # guess: spelling is compared with so many, which takes 10 ms


@lru_cache(maxsize=256)  # what asks wrongly asks so again
def nearest_paths(name: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Paths that end in the last part of `name`, or have a part like it; then those alike."""
    asked = _parts(name)
    if len(name) > LONGEST_GUESSED or not asked:
        return ()
    parts = {path: _parts(path) for path in paths}
    ending = [path for path in paths if parts[path][-1] == asked[-1]]
    if ending or len(paths) > MOST_COMPARED:
        return tuple(ending[:MOST])
    whole = {" ".join(parts[path]): path for path in paths}
    ends = {parts[path][-1] for path in paths}
    alike = get_close_matches(" ".join(asked), list(whole), MOST)
    named = get_close_matches(asked[-1], list(ends), MOST)
    by_end = [path for end in named for path in paths if parts[path][-1] == end]
    return tuple(dict.fromkeys([*by_end, *(whole[words] for words in alike)]))[:MOST]


def _parts(path: str) -> list[str]:
    """Without what people leave out: case, and spaces around the separator."""
    parts = path.casefold().split(PATH_SEPARATOR.strip())
    return [part.strip() for part in parts if part.strip()]
