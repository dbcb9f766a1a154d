"""Any table of behaviour, by a TOML that names its columns: see `config/mapping.example.toml`."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import to_json

from engine.config import Config
from engine.errors import ConfigError
from engine.event_properties import CONSENTS
from engine.events import Event, EventType
from engine.faults import faults, unknown_key
from engine.shop import read_toml
from training.importers.chunk import LINE, Chunk, Draft, Format, Settings
from training.importers.items import ItemsMapping

FIELDS: Final = tuple(name for name in Event.model_fields if name != "properties")
PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
MICROSECONDS: Final = 1_000_000
FAR_AWAY: Final = 9_000_000_000  # seconds: the year 2255, inside 64 bits in nanoseconds
YES_NO: Final = {"true": True, "false": False}
WIRE_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"


def _known_field(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(unknown_key(name, FIELDS, "field of an event"))
    return name


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone; one is Asia/Shanghai")
    return name


Read = TypeVar("Read", "Mapping", "OnlyItems")
EventField = Annotated[str, AfterValidator(_known_field)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class FileShape(Config):
    header: tuple[str, ...] | None = None  # the columns of a file without a header line


class TimeForm(Config):
    """Of the column mapped to `at`: a number of `unit`, or text in `format`, or ISO 8601."""

    unit: Literal["s", "ms", "us", "ns"] | None = None
    format: str | None = None  # strptime
    zone: Zone = "UTC"  # of text, or of a timestamp column, that names none

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.unit and self.format:
            raise ValueError("says both unit and format; a time is a number or a text")
        return self


class OnlyItems(Config):
    """A mapping that says nothing of events."""

    items: ItemsMapping


class Mapping(Config):
    """What the file is, in the words of an event; `items` is another file, of the catalogue."""

    items: ItemsMapping = ItemsMapping()
    file: FileShape = FileShape()
    columns: dict[EventField, str] = Field(min_length=1)
    constants: dict[EventField, str | int | float] = Field(default_factory=dict)
    properties: dict[str, str] = Field(default_factory=dict)  # property -> column
    time: TimeForm = TimeForm()
    types: dict[str, EventType] = Field(
        default_factory=dict
    )  # the file's word -> ours; ours need no entry
    skip_types: tuple[str, ...] = ()  # words whose rows are set aside

    @model_validator(mode="after")
    def _enough(self) -> Self:
        said = {**self.columns, **self.constants}
        lacking = [name for name in ("type", "at") if name not in said]
        if "customer_id" not in said and "visitor_id" not in said:
            lacking.append("customer_id (or visitor_id)")
        if lacking:
            raise ValueError(f"columns and constants do not say {', '.join(lacking)}")
        both = sorted(set(self.columns) & set(self.constants))
        if both:
            raise ValueError(f"{', '.join(both)} is both a column and a constant")
        return self


def read_mapping(path: Path) -> Mapping:
    """ConfigError with every fault of the file, one a line."""
    return _read(path, Mapping)


def read_items_mapping(path: Path) -> ItemsMapping:
    """`[items]` of a mapping, which may say nothing else. ConfigError as of `read_mapping`."""
    if set(read_toml(path)) == {"items"}:
        return _read(path, OnlyItems).items
    return _read(path, Mapping).items


def _read(path: Path, model: type[Read]) -> Read:
    try:
        return model.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError("\n".join(faults(error, str(path), model))) from error


def mapped_format(mapping: Mapping) -> Format:
    columns = tuple(dict.fromkeys([*mapping.columns.values(), *mapping.properties.values()]))

    def convert(chunk: Chunk, _: Settings) -> Draft:
        return _convert(chunk, mapping)

    return Format(name="mapping", convert=convert, columns=columns, header=mapping.file.header)


def _convert(chunk: Chunk, mapping: Mapping) -> Draft:
    named = chunk.frame.select(
        pl.col(LINE),
        *(pl.col(column).alias(name) for name, column in mapping.columns.items()),
        *(pl.lit(value).alias(name) for name, value in mapping.constants.items()),
        *_properties(mapping),
    ).with_columns(pl.col("type").cast(pl.String))
    kept = named.filter(~pl.col("type").is_in(mapping.skip_types).fill_null(value=False))
    words = {word: str(kind) for word, kind in mapping.types.items()}
    return Draft(
        kept.with_columns(
            pl.col("type").replace(words), _instant(kept.schema["at"], mapping.time).alias("at")
        ),
        set_aside={"skipped_type": named.height - kept.height},
    )


def _properties(mapping: Mapping) -> list[pl.Expr]:
    if not mapping.properties:
        return []
    fields = [pl.col(column).alias(name) for name, column in mapping.properties.items()]
    return [pl.struct(fields).map_elements(_to_object, return_dtype=pl.String).alias("properties")]


def _to_object(cells: dict[str, object]) -> str:
    held = {name: _told(name, cell) for name, cell in cells.items() if cell is not None}
    return to_json(held, fallback=str, inf_nan_mode="strings").decode("utf-8")


def _told(name: str, cell: object) -> object:
    """A table has no other way to write yes and no, nor to name a customer by a number."""
    if name in CONSENTS and isinstance(cell, str):
        return YES_NO.get(cell.casefold(), cell)
    if name == "referrer_id" and type(cell) is int:
        return str(cell)
    return cell


def _instant(dtype: pl.DataType, time: TimeForm) -> pl.Expr:
    """Text with a time zone, or a timestamp; what cannot be read stays as it is, to be rejected."""
    column = pl.col("at")
    if isinstance(dtype, pl.Datetime | pl.Date):
        stamp = column.cast(pl.Datetime("us", getattr(dtype, "time_zone", None)))
        return stamp if getattr(dtype, "time_zone", None) else _zoned(stamp, time.zone)
    if time.unit is not None:
        return _counted(column, time.unit)
    if time.format is not None:
        parsed = column.str.to_datetime(time.format, time_unit="us", strict=False)
        zoned = parsed if "%z" in time.format else _zoned(parsed, time.zone)
    else:
        zoned = _zoned(_iso(column), time.zone)
    return pl.coalesce(zoned.dt.convert_time_zone("UTC").dt.strftime(WIRE_TIME), column)


def _counted(column: pl.Expr, unit: str) -> pl.Expr:
    """Units since 1970. A fraction is kept to the microsecond, as far as a float holds it."""
    per_second = PER_SECOND[unit]
    whole = column.cast(pl.String).str.strip_suffix(".0").cast(pl.Int64, strict=False)
    near = pl.when(whole.is_between(-FAR_AWAY * per_second, FAR_AWAY * per_second)).then(whole)
    exact = near * (MICROSECONDS // per_second) if per_second <= MICROSECONDS else near // 1_000
    broken = (column.cast(pl.Float64, strict=False) * (MICROSECONDS / per_second)).round()
    micros = pl.coalesce(exact, broken.cast(pl.Int64, strict=False))
    in_reach = micros.is_between(-FAR_AWAY * MICROSECONDS, FAR_AWAY * MICROSECONDS)
    stamp = pl.when(in_reach).then(micros).cast(pl.Datetime("us", "UTC"))
    return pl.coalesce(stamp.dt.strftime(WIRE_TIME), column.cast(pl.String))


def _iso(column: pl.Expr) -> pl.Expr:
    """ISO 8601 without a zone, with a T or a space; text with one is left to the schema."""
    forms = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S")
    return pl.coalesce(
        [column.str.to_datetime(form, time_unit="us", strict=False) for form in forms]
    )


def _zoned(local: pl.Expr, zone: str) -> pl.Expr:
    """The hour that comes twice in autumn is read as its first; the one that never is, as none."""
    assert ZoneInfo(zone)
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
