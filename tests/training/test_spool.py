from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training import spool as spool_module
from training.spool import Spool, first_of_each


def chunk(keys: list[tuple[int, str]], name: str = "") -> pl.DataFrame:
    frame = pl.DataFrame(keys, schema={"at": pl.Int64, "event_id": pl.String}, orient="row")
    return frame.with_columns(pl.col("at").cast(pl.Datetime("ms", "UTC")), chunk=pl.lit(name))


@pytest.mark.parametrize("bucket_rows", [1, 3, 1000])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcdefgh")), max_size=8)))
def test_a_spool_gives_each_event_once_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    bucket_rows: int,
    chunks: list[list[tuple[int, str]]],
) -> None:
    monkeypatch.setattr(spool_module, "BUCKET_ROWS", bucket_rows)
    monkeypatch.setattr(spool_module, "SAMPLE_EVERY", 2)
    first: dict[str, tuple[int, str]] = {}
    spool = Spool(tmp_path_factory.mktemp("spool"))
    for keys in chunks:
        spool.add(chunk(keys))
        for key in keys:
            first.setdefault(key[1], key)
    if not spool.rows:
        return
    got = pl.concat(spool.sorted_buckets())
    assert got.select(pl.col("at").cast(pl.Int64), "event_id").rows() == sorted(first.values())


def test_of_repeated_ids_the_first_of_the_source_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(chunk([(9, "a"), (1, "b")], "first"))
    spool.add(chunk([(0, "a"), (2, "c")], "second"))
    got = pl.concat(spool.sorted_buckets())
    assert got.select("event_id", "chunk").rows() == [
        ("b", "first"),
        ("c", "second"),
        ("a", "first"),
    ]


def test_a_hash_that_agrees_in_one_half_is_another_id() -> None:
    hashes = np.array([[1, 1, 1, 2], [5, 6, 5, 5]], np.uint64)
    assert first_of_each(hashes).tolist() == [True, True, False, True]
