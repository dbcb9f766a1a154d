"""The formats that `caini import` reads, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.errors import ConfigError, UnknownName
from training.importers.cdnow import CDNOW
from training.importers.chunk import Format
from training.importers.events import EVENTS
from training.importers.lists import LISTS
from training.importers.mapping import mapped_format, read_mapping
from training.importers.online_retail import ONLINE_RETAIL
from training.importers.retailrocket import RETAILROCKET

FORMATS: Final[Mapping[str, Format | Callable[[Path], Format]]] = {
    "events": EVENTS,
    "online-retail": ONLINE_RETAIL,
    "retailrocket": RETAILROCKET,
    "lists": LISTS,
    "cdnow": CDNOW,
    "mapping": lambda path: mapped_format(read_mapping(path)),
}


def format_named(name: str, mapping: Path | None) -> Format:
    """`mapping` is the TOML that the format of that name needs and no other takes."""
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    found = FORMATS[name]
    if isinstance(found, Format):
        if mapping is not None:
            raise ConfigError(f"--mapping belongs to --format mapping, not to {name}")
        return found
    if mapping is None:
        raise ConfigError("--format mapping needs --mapping FILE.toml; see mapping.example.toml")
    return found(mapping)
