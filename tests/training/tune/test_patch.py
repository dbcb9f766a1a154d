"""A diff that `patch` applies, after which the files say what was found and all else as before."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from tests.conftest import CONFIG
from tests.training.tune.test_knobs import KNOBS
from training.train import read_settings
from training.tune.knobs import turned
from training.tune.patch import changed, diff_of

SETTINGS = read_settings(CONFIG)
FILES = ("shop.toml", "slots.toml", "train.toml")
needs_patch = pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
VALUES = st.fixed_dictionaries(
    {},
    optional={knob.name: st.floats(knob.low, knob.high).map(knob.rounded) for knob in KNOBS},
)


def patched(config: Path, diff: str) -> None:
    command = ["patch", "-p1", "-d", str(config), "--no-backup-if-mismatch"]
    subprocess.run(command, input=diff.encode(), check=True, capture_output=True)


@needs_patch
@settings(max_examples=25)
@given(VALUES)
def test_the_patched_files_say_what_was_found(values: Mapping[str, float]) -> None:
    with TemporaryDirectory() as scratch:
        config = Path(scratch) / "config"
        shutil.copytree(CONFIG, config)
        diff = diff_of(config, KNOBS, values)
        assert all((config / name).read_bytes() == (CONFIG / name).read_bytes() for name in FILES)
        if not values:
            assert diff == ""
            return
        patched(config, diff)
        now, wanted = read_settings(config), turned(SETTINGS, KNOBS, values)
        assert (now.shop, now.train) == (wanted.shop, wanted.train)
        for name, plan in wanted.slots.items():
            assert now.slots[name].base == plan.base
        removed = [line for line in diff.splitlines() if line.startswith("-")]
        kept = sum(line.count("#") for line in removed)
        assert kept == sum(line.count("#") for line in diff.splitlines() if line.startswith("+"))


@needs_patch
@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_line_ends_stay_as_they_are(ending: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    text = f"[als]{ending or chr(10)}iterations = 9 # ours{ending}"
    (config / "train.toml").write_bytes(text.encode())
    knob = next(knob for knob in KNOBS if knob.path == ("als", "iterations"))
    patched(config, diff_of(config, [knob], {knob.name: 5}))
    assert (config / "train.toml").read_bytes() == text.replace("9", "5").encode()


def test_a_value_where_a_section_should_be_is_a_wrong_setting() -> None:
    knob = next(knob for knob in KNOBS if knob.path == ("als", "iterations"))
    with pytest.raises(ConfigError, match="als is no table"):
        changed("als = 3\n", [knob], {knob.name: 5})
