"""Values of knobs as a diff of the files that hold them: comments, order and spacing stay."""

from collections.abc import Mapping, MutableMapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

import tomlkit

from engine.errors import ConfigError
from training.tune.knobs import Knob, Values

NO_NEWLINE = "\\ No newline at end of file\n"


def diff_of(config: Path, knobs: Sequence[Knob], values: Values) -> str:
    """To be applied in the folder: `patch -p1 -d CONFIG < FILE`. "" where nothing changes."""
    texts = {name: _text(config / name) for name in sorted({f"{k.file}.toml" for k in knobs})}
    return "".join(
        _diff(name, text, changed(text, [k for k in knobs if f"{k.file}.toml" == name], values))
        for name, text in texts.items()
    )


def changed(text: str, knobs: Sequence[Knob], values: Values) -> str:
    """The file with these knobs at their values; a section that is missing is added at its end."""
    document = tomlkit.parse(text)
    for knob in knobs:
        if knob.name in values:
            _put(document, knob.path, values[knob.name])
    return tomlkit.dumps(document)


def _put(table: MutableMapping[str, Any], path: Sequence[str], value: float) -> None:
    head, *rest = path
    if not rest:
        table[head] = value
        return
    if head not in table:
        table[head] = tomlkit.table(is_super_table=len(rest) > 1)
    found = table[head]
    if not isinstance(found, Mapping):
        raise ConfigError(f"{head} is no table")
    _put(found, rest, value)  # type: ignore[arg-type]  # what tomlkit reads may be written to


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()


def _diff(name: str, before: str, after: str) -> str:
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    told = unified_diff(old, new, fromfile=f"a/{name}", tofile=f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in told)
