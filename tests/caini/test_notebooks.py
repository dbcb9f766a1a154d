"""The notebooks run from top to bottom on a small shop."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from caini.samples import ROOT
from tests.conftest import Trained

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_something_in_its_last_cell(
    path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAINI_LOG", str(trained.log))
    monkeypatch.setenv("CAINI_BUNDLES", str(trained.bundles))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert last.outputs
