"""A shop's list of its items, in any table, as the catalogue beside a log: `ITEMS_SCHEMA`.

Columns bear the catalogue's own names, or those that `[items]` of a mapping says. Prices are
`price` and `list_price` in the currency, or `price_minor` and `list_price_minor`.
"""

from typing import Annotated, Final, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from engine.catalogue import PATH_SEPARATOR
from engine.config import Config
from engine.errors import LogError
from engine.events import MAX_ID_BYTES
from engine.faults import unknown_key
from training.catalogue_file import IN_CURRENCY, KINDS, category_parts, strange_columns
from training.importers.check import to_minor
from training.importers.chunk import LINE, Chunk, Draft, Format, Settings
from training.log import ITEMS_SCHEMA
from training.quarantine import Reject

FIELDS: Final = (*ITEMS_SCHEMA, *IN_CURRENCY.values())
TEXTS: Final = frozenset({"item_id", "title", "category", "brand", "kind"})
YES: Final = ("true", "yes", "1", "是")
NO: Final = ("false", "no", "0", "否")
WHOLE: Final = r"^[0-9]{1,15}(\.0+)?$"
UNREAD: Final = {
    "category": ("category_with_an_empty_part", "is a path with an empty part"),
    "kind": ("kind_unknown", f"is none of {', '.join(KINDS)}"),
    "stock": ("stock_not_a_number", "is no whole number, 0 or more"),
    "available": ("available_not_yes_or_no", f"is none of {', '.join((*YES, *NO))}"),
    "price": ("price_not_a_number", "is no price: digits and a point, as 19.90"),
    "list_price": ("list_price_not_a_number", "is no price: digits and a point, as 19.90"),
    "price_minor": ("price_minor_not_a_number", "is no whole number of minor units, 0 or more"),
    "list_price_minor": (
        "list_price_minor_not_a_number",
        "is no whole number of minor units, 0 or more",
    ),
}
"""Of a cell that cannot be read: the reason, and what is said of it."""


def _known(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(unknown_key(name, FIELDS, "column of the catalogue"))
    return name


class ItemsMapping(Config):
    """`[items]` of a mapping: what a file of items is, in the words of the catalogue."""

    header: tuple[str, ...] | None = None  # the columns of a file without a header line
    columns: dict[Annotated[str, AfterValidator(_known)], str] = Field(default_factory=dict)
    kinds: dict[str, Literal["goods", "content", "service"]] = Field(default_factory=dict)
    separator: str = Field(PATH_SEPARATOR, min_length=1)  # between the parts of a category

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.columns and "item_id" not in self.columns:
            raise ValueError("columns do not say item_id")
        return self


def items_format(mapping: ItemsMapping) -> Format:
    """Its drafts hold no events; their `items` are ITEMS_SCHEMA of each good line, and LINE."""
    wanted = mapping.columns or {name: name for name in FIELDS}

    def convert(chunk: Chunk, settings: Settings) -> Draft:
        there = [name for name in chunk.frame.columns if name != LINE]
        if not mapping.columns and (strange := strange_columns(there, FIELDS)):
            raise LogError(
                "\n".join([*strange, "[items.columns] of a --mapping takes any columns"])
            )
        held = {name: column for name, column in wanted.items() if column in there}
        for minor, plain in IN_CURRENCY.items():
            if minor in held and plain in held:
                raise LogError(f"there are both {plain} and {minor}; one of them is enough")
        schema = chunk.frame.schema
        cells = chunk.frame.select(
            pl.col(LINE), *(_text(name, column, schema[column]) for name, column in held.items())
        )
        return _judged(cells, chunk, settings, mapping)

    return Format("items", convert, columns=(wanted["item_id"],), header=mapping.header)


def _text(name: str, column: str, dtype: pl.DataType) -> pl.Expr:
    """The cell without spaces around; null where nothing else is there."""
    fits = isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Null) or dtype.is_integer()
    if not fits and (name in TEXTS or not (dtype.is_numeric() or dtype == pl.Boolean)):
        raise LogError(f"the column {column} is of the type {dtype}, which {name} cannot be")
    return pl.col(column).cast(pl.String).str.strip_chars().replace("", None).alias(name)


def _judged(cells: pl.DataFrame, chunk: Chunk, settings: Settings, mapping: ItemsMapping) -> Draft:
    held = [name for name in cells.columns if name != LINE]
    read = cells.select(_read(name, settings, mapping).alias(name) for name in held)
    unread = {
        name: (reason, cells[name].is_not_null() & read[name].is_null(), _said(name, meant))
        for name, (reason, meant) in UNREAD.items()
        if name in held
    }
    item = pl.col("item_id")
    faults: list[tuple[str, pl.Expr | pl.Series, pl.Expr]] = [
        ("item_id_missing", item.is_null(), pl.lit("item_id is missing or blank")),
        (
            "item_id_too_long",
            item.str.len_bytes() > MAX_ID_BYTES,
            pl.format("item_id is {} bytes long", item.str.len_bytes()),
        ),
        *unread.values(),
    ]
    told = cells.select(
        pl.col(LINE),
        pl.coalesce(pl.when(broken).then(pl.lit(reason)) for reason, broken, _ in faults).alias(
            "reason"
        ),
        pl.concat_str(
            [pl.when(broken).then(said) for _, broken, said in faults],
            separator="; ",
            ignore_nulls=True,
        ).alias("detail"),
    )
    good = told["reason"].is_null()
    return Draft(
        pl.DataFrame(),
        rejects=tuple(
            Reject(line, reason, detail, chunk.raw(line))
            for line, reason, detail in told.filter(~good).rows()
        ),
        items=read.select(_column(name, held) for name in ITEMS_SCHEMA)
        .with_columns(cells[LINE])
        .filter(good),
    )


def _said(name: str, meant: str) -> pl.Expr:
    return pl.format(f"{name} '{{}}' {meant}", pl.col(name))


def _column(name: str, held: list[str]) -> pl.Expr:
    names = [each for each in (name, IN_CURRENCY.get(name)) if each in held]
    value = pl.col(names[0]) if names else pl.lit(None)
    return value.cast(ITEMS_SCHEMA[name]).alias(name)


def _read(name: str, settings: Settings, mapping: ItemsMapping) -> pl.Expr:
    """What a cell says; null where it cannot be read."""
    cell = pl.col(name)
    if name in IN_CURRENCY.values():
        return to_minor(cell, settings.minor_units)
    if name == "stock" or name in IN_CURRENCY:
        whole = pl.when(cell.str.contains(WHOLE)).then(cell.str.extract(r"^([0-9]+)"))
        return whole.cast(pl.Int64)
    if name == "available":
        word = cell.str.to_lowercase()
        return pl.when(word.is_in(YES)).then(True).when(word.is_in(NO)).then(False)  # noqa: FBT003
    if name == "kind":
        kind = cell.replace(dict(mapping.kinds)).str.to_lowercase()
        return pl.when(kind.is_in(KINDS)).then(kind)
    if name == "category":
        parts = category_parts(
            cell.str.replace_all(mapping.separator, PATH_SEPARATOR, literal=True)
        )
        return pl.when(~parts.list.contains("")).then(parts.list.join(PATH_SEPARATOR))
    return cell
