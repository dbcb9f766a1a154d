"""Text to search words: whole words where words have spaces, pairs of characters where not."""

import re
from typing import Final
from unicodedata import normalize

MAX_WORDS: Final = 64  # guess: no title or query says more
_RUNS: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


def words_of(text: str) -> tuple[str, ...]:
    """Each word once, in order. "有机绿茶 250g" → 有机, 机绿, 绿茶, 250g."""
    found: dict[str, None] = {}
    for run in _RUNS.findall(normalize("NFKC", text).casefold()):
        found.update(dict.fromkeys(_pairs(run) if run[0] >= "\u3400" else (run,)))
    return tuple(found)[:MAX_WORDS]


def _pairs(run: str) -> tuple[str, ...]:
    return tuple(run[i : i + 2] for i in range(len(run) - 1)) or (run,)
