"""A shop whose personal slot somebody has set badly, with models that are quick to make."""

import shutil
from pathlib import Path

from tests.conftest import CONFIG

GOOD = "{ again = 0.5, similar = 0.2, als = 0.1, popular = 0.2, due = 0.1 }"
BAD = "{ new_arrivals = 1, again = 0.01 }"


def badly_set(folder: Path) -> Path:
    shutil.copytree(CONFIG, folder)
    (folder / "train.toml").write_text(
        "[als]\nfactors = 8 # few\n[search]\nenabled = false\ncustomers = 60\n"
    )
    slots = (folder / "slots.toml").read_text()
    assert GOOD in slots
    (folder / "slots.toml").write_text(slots.replace(GOOD, BAD))
    return folder
