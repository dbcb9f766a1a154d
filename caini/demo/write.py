"""The simulated year as the canonical log, and the catalogue beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from caini.demo.events import id_width
from caini.demo.lines import take
from caini.demo.prices import price_at
from caini.demo.shelves import SHELVES
from caini.demo.world import BASKET, CHANNELS, CURRENCY, TYPES, Items, Simulated
from training.log import LogHeader, LogWriter, items_path
from training.whole_file import whole

ROWS: Final = 500_000  # written at a time, so that the texts of a long log never stand in memory


def write_simulated(simulated: Simulated, path: Path) -> None:
    """LOG.parquet, whole or not at all, and LOG.items.parquet with the prices of the log's end."""
    with LogWriter(path, LogHeader(currency=CURRENCY)) as writer:
        for start in range(0, len(simulated.events), ROWS):
            writer.write(log_frame(simulated, start, start + ROWS))
    with whole(items_path(path)) as unfinished:
        items_frame(simulated).write_parquet(unfinished)


def log_frame(simulated: Simulated, start: int = 0, stop: int | None = None) -> pl.DataFrame:
    """The events of rows start … stop - 1 in the columns of the canonical log."""
    rows = np.arange(len(simulated.events))[start:stop]
    events = take(simulated.events, rows)
    order = _numbered("o", events.order)
    device = _numbered("v", events.visitor)
    basket = pl.Series(events.visitor == BASKET)
    return pl.DataFrame(
        {
            "event_id": "e" + pl.Series(rows).cast(pl.String).str.zfill(id_width(simulated)),
            "type": _gather([kind.value for kind in TYPES], events.kind.astype(np.int32)),
            "at": pl.Series(events.at).cast(pl.Datetime("ms", "UTC")),
            "customer_id": _gather(simulated.customers.ids, events.customer),
            "visitor_id": _where(basket, "basket:" + order, device),
            "item_id": _gather(simulated.items.ids, events.item),
            "quantity": events.quantity.astype(np.int64),
            "unit_price_minor": _present(events.price),
            "order_id": order,
            "channel": _gather(CHANNELS, events.channel.astype(np.int32)),
            "slate_id": pl.Series([None] * len(rows), dtype=pl.String),
            "position": _present(events.position.astype(np.int32)),
            "query": _gather(simulated.queries, events.query),
            "properties": _gather(simulated.properties, events.properties),
        }
    )


def items_frame(simulated: Simulated) -> pl.DataFrame:
    """The catalogue as it stands at the end of the log; what is not launched is not in it."""
    items = simulated.items
    now = simulated.config.end_ms
    rows = np.arange(len(items), dtype=np.int32)
    price = price_at(items, rows, np.full(len(items), now))
    shelves = [SHELVES[shelf] for shelf in items.shelf]
    return pl.DataFrame(
        {
            "item_id": items.ids,
            "title": items.titles,
            "category": [shelf.category for shelf in shelves],
            "brand": items.brands,
            "kind": [shelf.kind for shelf in shelves],
            "price_minor": price,
            "list_price_minor": pl.Series(_reduced(items, price), dtype=pl.Int64),
            "stock": items.stock.astype(np.int64),
            "available": items.stock > 0,
        }
    )


def _reduced(items: Items, price: NDArray[np.int64]) -> list[int | None]:
    return [
        usual if now < usual else None
        for usual, now in zip(items.price.tolist(), price.tolist(), strict=True)
    ]


def _present(values: NDArray[np.signedinteger]) -> pl.Series:
    """-1 is null."""
    series = pl.Series(values)
    return series.set(series < 0, None)


def _gather(table: Sequence[str], rows: NDArray[np.int32]) -> pl.Series:
    """The texts at `rows`; -1 is null. Only the texts that are needed are turned over."""
    used, place = np.unique(rows, return_inverse=True)
    texts = pl.Series([None if row < 0 else table[row] for row in used.tolist()], dtype=pl.String)
    return texts.gather(place)


def _numbered(letter: str, numbers: NDArray[np.int32]) -> pl.Series:
    """`o12`; negative is null."""
    return letter + _present(numbers).cast(pl.String)


def _where(condition: pl.Series, yes: pl.Series, no: pl.Series) -> pl.Series:
    return yes.zip_with(condition, no)
