"""`caini versions` and `caini rollback`."""

import json
import shutil
import time
from pathlib import Path

from tests.caini.conftest import Caini
from tests.conftest import Trained


def test_versions_and_rollback(
    trained: Trained, few: Path, tmp_path: Path, caini: Caini, run: Caini
) -> None:
    bundles = tmp_path / "bundles"
    shutil.copytree(trained.bundles, bundles)
    first = (bundles / "current").read_text().strip()
    other = tmp_path / "config"
    shutil.copytree(few, other)
    settings = other / "train.toml"
    settings.write_text("seed = 8\n" + settings.read_text())
    assert (
        run("train", "--log", trained.log, "--out", bundles, "--config", other, "--quiet")[0] == 0
    )
    code, out, _ = caini("versions", "--bundles", bundles, "--json")
    told = json.loads(out)
    assert code == 0
    assert [line["live"] for line in told] == [False, True]
    table = caini("versions", "--bundles", bundles)[1]
    assert table.count("→") == 1
    recall = told[1]["metrics"]["personal"]["everything"]["recall@20"]
    assert [f"{recall:.4f}" in line for line in table.splitlines() if "→" in line] == [True]
    started = time.monotonic()
    code, out, _ = caini("rollback", "--bundles", bundles)
    assert code == 0
    assert time.monotonic() - started < 5
    assert out.startswith(f"{first} is live")
    code, out, _ = caini("rollback", told[1]["version"], "--bundles", bundles, "--json")
    assert json.loads(out) == {"before": first, "current": told[1]["version"]}
    code, _, err = caini("rollback", "nothing", "--bundles", bundles)
    assert code == 2
    assert "unknown version 'nothing'" in err


def test_versions_of_another_format_are_listed_and_told(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    shutil.copytree(trained.bundles, tmp_path / "b")
    version = (tmp_path / "b" / "current").read_text().strip()
    newer = tmp_path / "b" / "20991231-000000000000"
    shutil.copytree(tmp_path / "b" / version, newer)
    manifest = json.loads((newer / "manifest.json").read_text()) | {"schema_version": 99}
    (newer / "manifest.json").write_text(json.dumps(manifest))
    code, out, _ = caini("versions", "--bundles", tmp_path / "b")
    assert code == 0
    assert all(told in out for told in (version, newer.name, "bundle format 99; this code reads"))
    told = {
        one["version"]: one
        for one in json.loads(caini("versions", "--bundles", tmp_path / "b", "--json")[1])
    }
    assert told[version]["live"] is True
    assert told[newer.name]["live"] is False
    assert "bundle format 99" in told[newer.name]["unreadable"]
