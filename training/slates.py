"""Slates for many customers, by the same path as a request's, on all cores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle
from engine.query import Asked, enrich_row
from engine.recommend import choose
from engine.retrievers import RETRIEVERS
from engine.slots import SlotPlan
from engine.types import Rows
from training.cases import cases_of, pieces
from training.crew import in_order, spans

SOURCES: Final = tuple(RETRIEVERS)


@dataclass(frozen=True, slots=True)
class Slates:
    """One line a customer. Places after the end of a short slate hold -1."""

    rows: NDArray[np.int32]  # (n_customers, n) item rows
    scores: NDArray[np.float32]  # (n_customers, n)
    sources: NDArray[np.int8]  # (n_customers, n) positions in SOURCES


def slates_for(
    customers: Rows, plan: SlotPlan, bundle: Bundle, n: int, *, processes: int = 2
) -> Slates:
    """Slates as of the bundle's watermark, in the order of `customers` (rows of the bundle)."""
    return _joined(list(slates_by_block(customers, plan, bundle, n, processes=processes)))


def slates_by_block(
    customers: Rows, plan: SlotPlan, bundle: Bundle, n: int, *, processes: int = 2
) -> Iterator[Slates]:
    """The same piece by piece, one piece at least."""

    def fill(rows: Rows) -> Slates:
        found = _none(len(rows), n)
        for lines in pieces(len(rows)):
            _fill(lines, rows, plan, bundle, found)
        return found

    spanned = (customers[span] for span in spans(len(customers), processes))
    return in_order(fill, spanned, processes)


def _none(lines: int, n: int) -> Slates:
    return Slates(
        np.full((lines, n), -1, np.int32),
        np.zeros((lines, n), np.float32),
        np.full((lines, n), -1, np.int8),
    )


def _joined(parts: Sequence[Slates]) -> Slates:
    return Slates(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.sources for part in parts]),
    )


def _fill(lines: range, customers: Rows, plan: SlotPlan, bundle: Bundle, slates: Slates) -> None:
    asked, now = Asked(n=slates.rows.shape[1]), bundle.manifest.watermark
    queries = [enrich_row(asked, bundle, int(customers[line]), now) for line in lines]
    for line, (query, slot, ahead) in zip(lines, cases_of(queries, plan, bundle), strict=True):
        pool = choose(query, slot, bundle, ahead)
        names = np.array([SOURCES.index(name) for name in slot.names], np.int8)
        slates.rows[line, : len(pool)] = pool.rows
        slates.scores[line, : len(pool)] = pool.scores
        slates.sources[line, : len(pool)] = names[pool.sources]
