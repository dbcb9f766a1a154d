"""The page for operators names every setting of the server, and no other."""

import re
from pathlib import Path

from serving.settings import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_page_names_every_setting_and_no_other() -> None:
    section = PAGE.read_text().split("## Settings of the server")[1].split("\n## ")[0]
    told = re.findall(rf"`({PREFIX}[A-Z_]+)`", section)
    assert sorted(told) == sorted(PREFIX + name.upper() for name in Settings.model_fields)
