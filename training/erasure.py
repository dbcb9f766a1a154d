"""Erased people leave the log: what is trained on never holds them, and the file is rewritten.

LOG.erased.json keeps the tombstones, which name nobody. They are applied whenever the log is
opened, so a bundle is free of whoever was erased before its training began, also when the shop
imports their old lines again.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.bundle import Bundle
from engine.customers.identity import customer_node, visitor_node
from engine.customers.tombstones import (
    NAMING,
    NOBODY_ERASED,
    Tombstones,
    beyond,
    named_in,
)
from training.log import LogWriter, read_header
from training.stages import read_document, write_document
from training.whole_file import whole

_AT: Final = pl.col("at").dt.epoch("ms")
_NAMING: Final = sorted(map(str, NAMING))


def tombstones_path(log: Path) -> Path:
    return log.with_suffix(".erased.json")


def read_tombstones(log: Path) -> Tombstones:
    told = read_document(tombstones_path(log))
    if told is None:
        return NOBODY_ERASED
    return Tombstones(told["until"], told["count"], told.get("numbers", {}))


def keep_tombstones(log: Path, news: Tombstones) -> Tombstones:
    """Those of before and these, on the disk when it returns."""
    known = read_tombstones(log)
    both = known | news
    if both != known:
        written = {"until": both.until, "count": both.last, "numbers": both.numbers}
        write_document(written, tombstones_path(log))
    return both


def beside_bundles(bundles: Path) -> Path:
    """Lists know no log: this stands for one, with the same tombstones."""
    return bundles / "lists"


def erased_since(bundle: Bundle, bundles: Path) -> frozenset[str]:
    """Customers of the bundle who were erased after its training: to nobody such a list goes."""
    erased = read_tombstones(beside_bundles(bundles))
    done = bundle.manifest.erasures
    if not beyond(erased.known(), done):
        return frozenset()
    ids = bundle.customers.ids(range(len(bundle.customers)))
    return frozenset(each for each in ids if erased.since(customer_node(each), done))


def without_erased(log: pl.LazyFrame, erased: Tombstones) -> pl.LazyFrame:
    """The lines of nobody who was erased at that time or later, and that name nobody such."""
    if not erased:
        return log
    columns = log.collect_schema().names()
    own, visitor = pl.col("customer_id"), pl.col("visitor_id")
    alone = pl.when(own.is_null()).then(visitor)
    told = log.filter(pl.col("type").is_in(_NAMING)).select(pl.col("properties").drop_nulls())
    texts = told.unique().collect().to_series().to_list()
    return (
        log.with_columns(alone.alias("_alone"))
        .pipe(_dated, "customer_id", "_own", _ids(log, "customer_id"), customer_node, erased)
        .pipe(_dated, "_alone", "_visitor", _ids(log, "visitor_id"), visitor_node, erased)
        .join(_naming(texts, erased), on="properties", how="left", maintain_order="left")
        .filter(
            (pl.col("_own").fill_null(0) < _AT)
            & (pl.col("_visitor").fill_null(0) < _AT)
            & ((pl.col("_named").fill_null(0) < _AT) | ~pl.col("type").is_in(_NAMING))
        )
        .select(columns)
    )


def _ids(log: pl.LazyFrame, column: str) -> Iterable[str]:
    found: list[str] = log.select(pl.col(column).drop_nulls().unique()).collect()[column].to_list()
    return found


def _dated(
    log: pl.LazyFrame, key: str, name: str, ids: Iterable[str], node: Any, erased: Tombstones
) -> pl.LazyFrame:
    dated = {each: at for each in ids if (at := erased.at(node(each)))}
    schema = {key: pl.String, name: pl.Int64}
    table = pl.LazyFrame({key: [*dated], name: [*dated.values()]}, schema=schema)
    return log.join(table, on=key, how="left", maintain_order="left")


def _naming(texts: Iterable[str], erased: Tombstones) -> pl.LazyFrame:
    """Properties that name somebody who was erased, and until when."""
    dated = {
        text: at
        for text in texts
        if (at := max(map(erased.at, named_in(json.loads(text))), default=0))
    }
    schema = {"properties": pl.String, "_named": pl.Int64}
    columns = {"properties": [*dated], "_named": [*dated.values()]}
    return pl.LazyFrame(columns, schema=schema)


def purge_log(log: Path, batch_rows: int = 500_000) -> int:
    """Rewrite the file without them, whole or not at all; how many lines went.

    Call it alone with the log. Killed at any moment it is simply run again.
    """
    erased = read_tombstones(log)
    if not erased or not log.is_file():
        return 0
    raw = pl.scan_parquet(log)
    keep = without_erased(raw, erased)
    before, after = (one.select(pl.len()).collect().item() for one in (raw, keep))
    if before != after:
        with LogWriter(log, read_header(log)) as writer:
            for start in range(0, before, batch_rows):
                piece = raw.slice(start, batch_rows).collect().lazy()
                writer.write(without_erased(piece, erased).collect())
    return int(before - after) + _purge_unknown(log, erased)


def _purge_unknown(log: Path, erased: Tombstones) -> int:
    """Lines of a newer server that this one kept unread."""
    path = log.with_suffix(".unknown.jsonl")
    if not path.is_file():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not _of_erased(line, erased)]
    if len(kept) < len(lines):
        with whole(path) as unfinished:
            unfinished.write_bytes(b"".join(kept))
    return len(lines) - len(kept)


def _of_erased(line: bytes, erased: Tombstones) -> bool:
    try:
        told = json.loads(line)
        customer, visitor = told.get("customer_id"), told.get("visitor_id")
    except (ValueError, AttributeError):
        return False
    nodes = [customer_node(str(customer))] if customer else [visitor_node(str(visitor or ""))]
    return any(erased.at(node) for node in nodes)


def holds_erased(bundle: Bundle, erased: Tombstones) -> bool:
    """Somebody is in the bundle who was erased after its training."""
    done = bundle.manifest.erasures
    if not beyond(erased.known(), done):
        return False
    customers, linked = bundle.customers, bundle.linked.nodes
    visitors = bundle.visitors.ids
    nodes = [
        *(customer_node(customers.id(row)) for row in range(len(customers))),
        *(visitor_node(visitors.id(row)) for row in range(len(visitors))),
        *(linked.id(row) for row in range(len(linked))),
    ]
    return any(erased.since(node, done) for node in nodes)
