"""The notebooks run from top to bottom on a small shop."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from caini import samples
from caini.demo.world import DemoConfig
from caini.samples import ROOT, sample_bundles, sample_log
from tests.conftest import Trained
from training.publish import current

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_something_in_its_last_cell(
    path: Path, trained: Trained, tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tiny if path.stem == "train_and_compare" else trained.log  # it trains four times
    monkeypatch.setenv("NOTEBOOK_LOG", str(log))
    monkeypatch.setenv("NOTEBOOK_BUNDLES", str(trained.bundles))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert last.outputs


def test_a_notebook_without_a_shop_of_its_own_gets_a_small_one_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NOTEBOOK_LOG", raising=False)
    monkeypatch.delenv("NOTEBOOK_BUNDLES", raising=False)
    monkeypatch.setattr(samples, "FOLDER", tmp_path)
    monkeypatch.setattr(samples, "SHOP", DemoConfig(customers=60, items=60))
    bundles = sample_bundles()
    trained = current(bundles)
    assert trained is not None
    assert sample_bundles() == bundles
    assert current(bundles) == trained
    monkeypatch.setenv("NOTEBOOK_LOG", str(sample_log().rename(tmp_path / "other.parquet")))
    assert sample_bundles() != bundles
