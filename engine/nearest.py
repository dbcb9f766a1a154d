"""Which name somebody may have meant who wrote one that there is not."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

LONGEST_GUESSED: Final = 64  # decision: no key of ours is half as long
NO_OTHERS: Final[Mapping[str, str]] = {}


def nearest(
    key: str, names: tuple[str, ...], others: Mapping[str, str] = NO_OTHERS
) -> tuple[str, ...]:
    """One at most; a long key is like none. `others`: what else a name is called, in lower case."""
    known = others.get(key.casefold().replace("-", "_").replace(" ", "_"))
    if known in names:
        return (known,)
    return _nearest(key, names) if len(key) <= LONGEST_GUESSED else ()


@lru_cache(maxsize=1024)
def _nearest(key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Case aside. What asks wrongly asks so again: to look takes 0.1 ms."""
    by_fold = {name.casefold(): name for name in names}
    return tuple(by_fold[name] for name in get_close_matches(key.casefold(), by_fold, 1))
