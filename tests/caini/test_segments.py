"""`caini segments`, and what it says to settings that are wrong."""

import json
import shutil
from pathlib import Path

import pytest

from caini.opened import live_bundle
from caini.printed import print_table
from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from tests.worlds import in_pounds
from training.publish import publish


def test_every_shipped_segment_is_listed_with_its_size(trained: Trained, caini: Caini) -> None:
    asked = ("segments", "--bundles", trained.bundles, "--config", CONFIG)
    code, out, _ = caini(*asked, "--json")
    told = json.loads(out)
    assert code == 0
    by_name = {each["name"]: each for each in told["segments"]}
    stages = ("potential", "new", "ordinary", "loyal", "advocate", "at_risk", "dormant", "lost")
    assert sum(by_name[name]["customers"] for name in stages) == told["customers"]
    assert sum(by_name[name]["revenue_minor"] for name in stages) == told["revenue_minor"] > 0
    assert all(0 < len(by_name[name]["samples"]) <= 5 for name in ("new", "loyal"))
    code, out, _ = caini(*asked, "--lang", "zh")
    assert code == 0
    assert "忠诚客户" in out
    assert "收入" in out


def test_money_is_in_the_currency_of_the_log(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    publish(in_pounds(live_bundle(trained.bundles)), tmp_path)
    asked = ("segments", "--bundles", tmp_path, "--config", CONFIG)
    assert " GBP in the last" in caini(*asked)[1]
    assert json.loads(caini(*asked, "--json")[1])["currency"] == "GBP"


def test_ids_with_square_brackets_are_printed_as_they_are(capsys) -> None:
    print_table("ids", ("id",), [("[red]anna",)])
    assert "[red]anna" in capsys.readouterr().out


WRONG = {
    "an unknown tier": (
        'value = ["top", "large"] }\n',
        (
            'value = ["top", "large"] }\n[[segments]]\nname = "gold"\n'
            'label = { en = "g", zh = "g" }\n'
            'when = { field = "tier", op = "=", value = "gold" }\n'
        ),
        "segments[1].when.value: 'gold' is unknown; allowed: star_1, star_2, diamond",
    ),
    "thresholds out of order": (
        "points = 6000",
        "points = 2000",
        "loyalty: tiers[1].points: star_2 must need more than star_1",
    ),
    "overlapping bands": (
        "at_least = 200",
        "at_least = 150",
        "price_band: bands[0] and bands[1] overlap between 200 and 150",
    ),
    "bands that leave a gap": (
        "at_most = 400",
        "at_most = 390",
        "price_band: bands[1] and bands[2] leave a gap between 390 and 400",
    ),
    "negative points": (
        "points = 3000",
        "points = -1",
        "loyalty.tiers[0].points: Input should be greater than or equal to 1",
    ),
    "a segment about an unknown field": (
        'field = "stage", op = "=", value = "lost"',
        'field = "mood", op = "=", value = "lost"',
        "segments[1].when.field: 'mood' is no field; known: attribute.NAME, brand, brand_share,",
    ),
    "an unknown stage": (
        'value = "dormant"',
        'value = "asleep"',
        "segments[2].when.value: 'asleep' is unknown; allowed: potential, new,",
    ),
    "days out of order": (
        "dormant_days = 90",
        "dormant_days = 900",
        "lifecycle: dormant_days (900) must be below lost_days",
    ),
}


def spoilt(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    text = (folder / "shop.toml").read_text(encoding="utf-8")
    for name in names:
        right, wrong, _ = WRONG[name]
        assert right in text, name
        text = text.replace(right, wrong, 1)
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", WRONG)
def test_wrong_settings_name_file_key_and_what_is_allowed(
    name: str, trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    folder = spoilt(tmp_path, name)
    code, out, err = caini("segments", "--bundles", trained.bundles, "--config", folder)
    assert (code, out) == (2, "")
    assert f"caini: error: shop.toml: {WRONG[name][2]}" in err


def test_all_faults_are_told_at_once(trained: Trained, tmp_path: Path, caini: Caini) -> None:
    names = ("thresholds out of order", "overlapping bands", "days out of order")
    names += ("an unknown stage", "a segment about an unknown field")
    folder = spoilt(tmp_path, *names)
    code, _, err = caini("segments", "--bundles", trained.bundles, "--config", folder)
    assert code == 2
    assert all(WRONG[name][2] in err for name in names)
