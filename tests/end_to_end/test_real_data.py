"""A real shop's log, each step by one command, to the answer of a server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import CONFIG
from tests.servers import event, serving

LOG = Path(__file__).parents[3] / "shared" / "data" / "online-retail" / "online_retail.parquet"


def uncounted() -> dict[str, str]:
    """So much is computed here that counting lines, which other tests do, would take minutes."""
    return {name: told for name, told in os.environ.items() if not name.startswith("COVERAGE")}


def caini(*words: object) -> dict[str, object]:
    command = [sys.executable, "-m", "caini", *(str(word) for word in words), "--json"]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=CONFIG.parent, env=uncounted()
    )
    found: dict[str, object] = json.loads(told.stdout)
    return found


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.skipif(not LOG.is_file(), reason="the real log does not lie beside the project")
def test_import_train_batch_serve_recommend(tmp_path: Path) -> None:
    log, bundles = tmp_path / "log.parquet", tmp_path / "bundles"
    imported = caini("import", LOG, "--format", "online-retail", "--out", log)
    assert imported["events"] == 536_495
    trained = caini("train", "--log", log, "--out", bundles)
    metrics = trained["metrics"]
    assert isinstance(metrics, dict)
    personal, popular = metrics["personal"]["everything"], metrics["popular"]["everything"]
    assert personal["recall@10"] > 0.18  # .193 when last measured
    assert personal["ndcg@10"] > 0.35  # .370
    assert personal["recall@20"] > 2.5 * popular["recall@20"]
    assert metrics["personal"]["new_items"]["recall@20"] > 0.10
    out = tmp_path / "recs.parquet"
    batch = caini("batch", "--bundles", bundles, "--slot", "home", "--out", out)
    assert pl.read_parquet(out)["customer_id"].n_unique() == batch["customers"] == 4_363
    with serving(bundles, tmp_path / "data", environment={"CAINI_CLOCK": "log"}) as server:
        known = server.recommend("17850", slot="my", n=10)
        assert known["bundle_version"] == trained["version"]
        assert len(known["items"]) == 10
        assert known["customer"]["stage"] != "potential"
        before = server.items(visitor_id="passer-by", slot="home", n=10)
        seen = event("e1", "view", visitor_id="passer-by", item_id=before[3])
        seen["at"] = "2011-12-09T12:50:30Z"  # the server's clock starts where the log ends
        assert server.send(seen)["accepted"] == 1
        assert server.items(visitor_id="passer-by", slot="home", n=10) != before
