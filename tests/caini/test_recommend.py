"""`caini recommend` reads as the API does."""

import json
import re
import shutil
from pathlib import Path

from tests.caini.conftest import Caini
from tests.conftest import CONFIG
from tests.servers import publish_tea

SLOT = """
[again]
title = { en = "Again", zh = "再来" }
size = 6
sources = { due = 1.0 }
repeat = "when_due"
fallback = []
"""


def test_C3_the_reason_of_what_is_due_tells_its_days(caini: Caini, tmp_path: Path) -> None:
    """mei bought green tea twice, last 20 days before the end of the log; it lasts 20 days."""
    publish_tea(tmp_path / "bundles")
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / "slots.toml").write_text(SLOT)
    asked = ("recommend", "--bundles", tmp_path / "bundles", "--config", tmp_path / "config")
    for language, days in (("en", ["20 days", "20 days"]), ("zh", ["20天", "20天"])):
        words = ("--customer", "mei", "--slot", "again", "--json", "--lang", language)
        code, out, err = caini(*asked, *words)
        assert code == 0, err
        told = {line["item_id"]: line["reason"] for line in json.loads(out)["items"]}
        assert re.findall(r"\d+ ?(?:days|天)", told["green"]) == days
