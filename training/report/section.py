"""The parts of a report: chapters of sections, each a table with a chart, and a few big figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True, slots=True)
class Tile:
    """One big figure."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A table under its name; the file holds all rows, the page the first `longest`."""

    name: str  # texts section.* and note.*, and the file's name
    table: pl.DataFrame
    note: Mapping[str, object] = field(default_factory=dict)  # values of the note's text
    chart: str = ""  # an SVG element, safe
    longest: int = 12
    kinds: Sequence[str] = ()  # of each row, for columns whose kind is "mixed"
    in_page: bool = True  # False: the chart says it all, the table is only a file


@dataclass(frozen=True, slots=True)
class Chapter:
    name: str
    lead: Mapping[str, object] = field(default_factory=dict)
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = ()
    remarks: Sequence[str] = ()  # sentences, already said
