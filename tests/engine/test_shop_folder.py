"""shop.toml and slots.toml are read together: no fault of one hides those of the other."""

import shutil
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.shop_folder import read_folder, read_slots_in
from tests.conftest import CONFIG
from training.train import read_settings

OF_LOST = 'when = { field = "customer.segments", op = "has", value = "lost" }'
OF_STAR = 'when = { field = "customer.tier", op = "=", value = "star_2" }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path / "config")
    slots = tmp_path / "config" / "slots.toml"
    for when in (OF_LOST, OF_STAR):
        slots.write_text(f"{slots.read_text()}\n[[home.overrides]]\n{when}\nsize = 3\n")
    return tmp_path / "config"


def spoil(file: Path, right: str, wrong: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as told:
        read_folder(folder)
    return str(told.value).splitlines()


def test_what_is_right_is_read(folder: Path) -> None:
    shop, slots = read_folder(folder)
    assert {"lost", "dormant"} <= {each.name for each in shop.segments}
    assert len(slots["home"].variants) == len(read_slots_in(folder)["home"].variants) >= 2


def test_slots_name_the_life_stages_and_vouchers_that_there_are(folder: Path) -> None:
    """Also of a shop.toml with a fault."""
    asked = ("life_stages", "formula_2", "formula_9"), ("vouchers", "star_2", "star_9")
    slots = folder / "slots.toml"
    for field, known, unknown in asked:
        for name in (known, unknown):
            when = f'{{ field = "customer.{field}", op = "has", value = "{name}" }}'
            slots.write_text(f"{slots.read_text()}\n[[home.overrides]]\nwhen = {when}\nsize = 3\n")
    said = faults(folder)
    assert len(said) == 2
    assert "'formula_9' is unknown; allowed: formula_1, formula_2," in said[0]
    assert "'star_9' is unknown; allowed: star_1, star_2, diamond" in said[1]
    spoil(folder / "shop.toml", "until_months = 60", 'until_months = "60"')
    assert set(said) < set(faults(folder))


def test_faults_of_both_files_are_told_at_once_and_none_that_is_no_fault(folder: Path) -> None:
    """The segment `lost` and the tier `star_2` have a fault each; slots may name them all the
    same."""
    spoil(folder / "shop.toml", 'label = { en = "lost", zh = "流失客户" }', 'label = "lost"')
    spoil(folder / "shop.toml", "price = 0.85", 'price = "0.85"')
    spoil(folder / "slots.toml", "size = 20", 'size = "20"')
    spoil(folder / "slots.toml", 'value = "star_2"', 'value = "star_9"')
    told = faults(folder)
    assert [line.split(": ")[:2] for line in told] == [
        ["shop.toml", "loyalty.tiers[1].price"],
        ["shop.toml", "segments[1].label"],
        ["slots.toml", "home"],
        ["slots.toml", "home.overrides[3].when.value"],
    ]
    assert "'star_9' is unknown; allowed: star_1, star_2, diamond" in told[3]
    with pytest.raises(ConfigError) as alone:
        read_slots_in(folder)
    assert str(alone.value).splitlines() == told[2:]


def test_a_shop_that_cannot_be_read_at_all_makes_no_name_a_fault(folder: Path) -> None:
    (folder / "shop.toml").write_text("[loyalty")
    spoil(folder / "slots.toml", "size = 20", "size = 0")
    spoil(folder / "slots.toml", 'value = "star_2"', 'value = "a tier of its own"')
    told = faults(folder)
    assert len(told) == 2
    assert "not TOML" in told[0]
    assert told[1].startswith("slots.toml: home: size: ")
    (folder / "shop.toml").unlink()
    assert "cannot be read: No such file" in faults(folder)[0]
    assert len(faults(folder)) == 2


def test_a_training_tells_the_faults_of_all_three_files(folder: Path) -> None:
    spoil(folder / "shop.toml", "dormant_days = 90", 'dormant_days = "90"')
    spoil(folder / "slots.toml", "size = 20", 'size = "20"')
    spoil(folder / "train.toml", "seed = 7", 'seed = "7"')
    with pytest.raises(ConfigError) as told:
        read_settings(folder)
    files = [line.split(":")[0] for line in str(told.value).splitlines()]
    assert files == ["shop.toml", "slots.toml", "train.toml"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            '[[segments]]\nname = "新客，老客" # “注释”\nlabel = { en = "x"， zh = "x" }',
            "line 3: ， stands where , belongs",
        ),
        ("[shop]\nname = “茶馆”\n", 'line 2: “ stands where " belongs, ” stands where " belongs'),
        ("[shop\n", ""),
    ],
)
def test_what_a_chinese_keyboard_writes_for_punctuation_is_named(
    folder: Path, written: str, told: str
) -> None:
    (folder / "shop.toml").write_text(written, encoding="utf-8")
    (problem, *_) = faults(folder)
    assert "not TOML in UTF-8" in problem
    assert problem.endswith(told)
    assert ("stands where" in problem) == bool(told)


def test_a_file_in_another_encoding_is_told_to_be_saved_as_utf_8(folder: Path) -> None:
    (folder / "shop.toml").write_text('[shop]\nname = "茶馆"\n', encoding="gbk")
    (problem, *_) = faults(folder)
    assert problem.endswith("byte 16 cannot be read; save the file as UTF-8")
