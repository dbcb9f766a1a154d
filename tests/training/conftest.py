"""Small logs, written down in a line."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import polars as pl
import pytest

from engine.interactions import InteractionConfig
from engine.types import DAY_MS
from tests.training.jobs import first, job, live, tiny  # noqa: F401  # fixtures of every test here
from training.interactions import Interactions, read_interactions

START = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
Line = dict[str, object]
Lines = Sequence[Line]
Frame = Callable[[Lines], pl.LazyFrame]
Read = Callable[[Lines], Interactions]
Histories = Callable[[Sequence[str]], Interactions]


def frame_of(lines: Lines) -> pl.LazyFrame:
    """Each line has at least `day` and `item`; a purchase of one by customer "c" unless it says."""
    defaults = {"type": "purchase", "customer": "c", "visitor": None, "quantity": 1, "order": None}
    full = sorted((defaults | line for line in lines), key=lambda line: float(str(line["day"])))
    return pl.LazyFrame(
        {
            "event_id": [f"e{place:05}" for place in range(len(full))],
            "type": [line["type"] for line in full],
            "at": [START + round(float(str(line["day"])) * DAY_MS) for line in full],
            "customer_id": [line["customer"] for line in full],
            "visitor_id": [line["visitor"] for line in full],
            "item_id": [line["item"] for line in full],
            "quantity": [line["quantity"] for line in full],
            "order_id": [line["order"] for line in full],
        },
        schema_overrides={
            "customer_id": pl.String,
            "visitor_id": pl.String,
            "item_id": pl.String,
            "order_id": pl.String,
        },
    ).with_columns(pl.col("at").cast(pl.Datetime("ms", "UTC")))


@pytest.fixture
def frame() -> Frame:
    return frame_of


@pytest.fixture
def read() -> Read:
    return lambda lines: read_interactions(frame_of(lines), InteractionConfig())


@pytest.fixture
def histories() -> Histories:
    """A log without times: each word is a customer, each letter an item that it bought."""

    def build(words: Sequence[str]) -> Interactions:
        lines = [
            {"day": 0, "customer": f"c{place:04}", "item": letter, "order": f"o{place}"}
            for place, word in enumerate(words)
            for letter in word
        ]
        return read_interactions(frame_of(lines), InteractionConfig())

    return build
