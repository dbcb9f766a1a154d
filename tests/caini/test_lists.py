"""`caini audience`: what one list leaves to the next, on the small simulated shop."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained


@pytest.fixture
def run(caini: Caini, trained: Trained, tmp_path: Path) -> Caini:
    """A verb on the shop's bundle, with a ledger of the test's own."""

    def of(verb: str, *words: object) -> tuple[int, str, str]:
        asked = ("--bundles", trained.bundles, "--config", CONFIG, "--ledger", tmp_path / "ledger")
        return caini(verb, *asked, *words)

    return of


def test_A1_lists_about_an_item_reach_the_next_likeliest_each(run: Caini, tmp_path: Path) -> None:
    def listed(name: str, size: int) -> tuple[dict[str, int], list[str]]:
        out = tmp_path / f"{name}.parquet"
        asked = ("--item", "formula-001", "--size", size, "--n", 2, "--name", name, "--json")
        code, told, err = run("audience", *asked, "--out", out)
        assert (code, err) == (0, "")
        return json.loads(told), pl.read_parquet(out)["customer_id"].to_list()

    first, names = listed("first", 15)
    second, others = listed("second", 15)
    assert first["written"] == second["written"] == len(names) == len(others) == 15
    assert not set(names) & set(others)
    assert second["chosen"] == second["without_items"] + second["capped"] + 15
    assert second["chosen"] >= first["chosen"] + 15
    (tmp_path / "ledger").unlink()
    both, together = listed("both", 30)
    assert together == [*names, *others], "the likeliest first"
    assert both["chosen"] == second["chosen"]
