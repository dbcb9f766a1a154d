"""What the doctor says of a store, a configuration and bundles; and which store is the default."""

import json
import re
import shutil
from pathlib import Path

import pytest

from caini.archiving import settings_of
from caini.opened import live_bundle
from engine.events import json_schema
from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
from tests.worlds import in_pounds
from training.publish import publish


def test_a_private_store_in_the_default_folder_is_found_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of(None, None) is None
    (tmp_path / "data" / "redis").mkdir(parents=True)
    found = settings_of(None, None)
    assert found is not None
    assert (found.data, found.redis_url) == (Path("data"), None)


def test_the_doctor_reads_the_keys_that_a_server_would_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caini: Caini
) -> None:
    file, asked = tmp_path / "keys.toml", ("doctor", "--config", CONFIG)
    assert "keys" not in caini(*asked)[1]
    monkeypatch.setenv("CAINI_KEYS", str(file))
    assert caini(*asked)[0] == 2
    assert "keys.toml: cannot be read: No such file or directory; mend the file" in caini(*asked)[2]
    lines = [caini("key", name, "--scope", "events", "--days", 9)[1] for name in ("till", "app")]
    file.write_text("".join(lines))
    code, told, _ = caini(*asked)
    assert (code, f"{file}: 2 keys: app, till\n" in told, "expired" in told) == (0, True, False)
    old = re.sub(r"expires_at = .*", "expires_at = 2020-01-01T00:00:00Z", lines[1])
    file.write_text(lines[0] + old)
    assert f"warning {file}: the key app has expired; make another" in caini(*asked)[1]
    file.write_text("keys = 3\n")
    code, _, said = caini(*asked)
    assert (code, "keys.toml: keys: " in said) == (2, True)


def test_the_doctor_tells_which_private_store_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caini: Caini
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAINI_REDIS_URL", raising=False)
    asked = ("doctor", "--config", CONFIG)
    assert "no Redis yet; caini serve makes one in data/redis" in caini(*asked)[1]
    (tmp_path / "other" / "redis").mkdir(parents=True)
    assert "private Redis in other/redis" in caini(*asked, "--data", "other")[1]
    monkeypatch.setenv("CAINI_DATA", "other")
    assert "private Redis in other/redis" in caini(*asked)[1]


def test_the_doctor_finds_nothing_or_says_what_to_mend(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    code, out, _ = caini("doctor", "--bundles", trained.bundles)
    assert code == 0
    assert "shop.toml" in out
    assert "300 items" in out
    assert "warning" not in out
    bundles = tmp_path / "bundles"
    shutil.copytree(trained.bundles, bundles)
    (bundles / (bundles / "current").read_text().strip() / "shop.json").write_text("{}")
    code, out, err = caini("doctor", "--bundles", bundles, "--json")
    assert code == 4
    assert "shop.json" in err
    assert all("exit_code" not in finding for finding in json.loads(out))
    assert any(finding["level"] == "error" for finding in json.loads(out))
    broken = tmp_path / "config"
    broken.mkdir()
    (broken / "shop.toml").write_text("[loyalty]\npoints = 'many'\n")
    code, out, err = caini("doctor", "--config", broken)
    assert code == 2
    assert "loyalty.points" not in out, "once, on standard error"
    assert "shop.toml: loyalty" in err
    assert "train.toml: cannot be read" in err
    assert err.count("shop.toml: loyalty.points") == 1, "also told by the reader of slots"
    assert "warning" in caini("doctor", "--bundles", tmp_path)[1]


def test_the_doctor_tells_what_of_shop_toml_waits_for_a_training(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    with (config / "shop.toml").open("a") as shop:
        shop.write(
            '\n[[segments]]\nname = "vips"\nlabel = { en = "VIPs", zh = "贵宾" }\n'
            'when = { field = "orders", op = ">", value = 99 }\n'
        )
    code, out, _ = caini("doctor", "--bundles", trained.bundles, "--config", config)
    assert code == 0
    assert "warning segments of shop.toml are not those of bundle" in out
    assert "they act from the next caini train on" in out


def test_the_doctor_names_goods_of_a_campaign_that_the_bundle_has_not(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    known = live_bundle(trained.bundles).catalogue.categories.id(0)
    with (config / "shop.toml").open("a") as shop:
        shop.write(
            '\n[[campaigns]]\nname = "spring"\nlabel = { en = "spring", zh = "春" }\n'
            "starts_at = 2026-03-01T10:00:00+08:00\nends_at = 2026-03-15T00:00:00+08:00\n"
            f'categories = ["{known}", "no such > shelf"]\n'
        )
    code, out, _ = caini("doctor", "--bundles", trained.bundles, "--config", config)
    assert code == 0
    assert "campaigns.spring.categories of shop.toml" in out
    assert "has no 'no such > shelf'; nothing is kept back by it" in out


def test_the_doctor_names_categories_of_rules_that_the_bundle_has_not(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    shop = (config / "shop.toml").read_text(encoding="utf-8")
    asked = ("doctor", "--bundles", trained.bundles, "--config", config)
    (config / "shop.toml").write_text(
        shop.replace('"baby > formula" = 7', '"baby > formul" = 7'), encoding="utf-8"
    )
    code, out, _ = caini(*asked)
    told = f"repurchase.category_days of shop.toml: bundle {live_bundle(trained.bundles).version}"
    assert (code, f"{told} has no category 'baby > formul'" in out) == (0, True)
    assert "did you mean baby > formula? nothing comes of it" in out
    assert "奶粉" not in out, "the name of another catalogue"
    (config / "shop.toml").write_text(
        shop.replace('categories = ["baby > formula", "奶粉"]', 'categories = ["quartz", "奶粉"]'),
        encoding="utf-8",
    )
    out = caini(*asked)[1]
    for name in ("quartz", "奶粉"):
        assert f"has no category '{name}'; nothing comes of it" in out, "none is there"


def test_the_doctor_names_brands_and_categories_that_a_slot_asks_in_vain(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    there = live_bundle(trained.bundles).catalogue.brands.id(0)
    with (config / "slots.toml").open("a", encoding="utf-8") as slots:
        slots.write(f"""
[cheap]
title = {{ en = "x", zh = "x" }}
sources = {{ popular = 1 }}
items = {{ field = "item.brand", op = "in", value = [{json.dumps(there)}, "quartz"] }}
[[cheap.overrides]]
when = {{ field = "customer.buyer", op = "=", value = true }}
items = {{ not = {{ field = "item.category", op = "within", value = "baby > formul" }} }}
""")
    code, out, _ = caini("doctor", "--bundles", trained.bundles, "--config", config)
    told = f"cheap.items of slots.toml: bundle {live_bundle(trained.bundles).version} has no"
    assert f"{told} brand 'quartz'; " in out
    near = "did you mean baby > formula? no item is one of it"
    assert (code, f"{told} category 'baby > formul'; {near}" in out) == (0, True)
    assert out.count(told) == 2, "what is there is not told"


def test_the_doctor_ends_with_2_for_a_wrong_slot(tmp_path: Path, caini: Caini) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    with (config / "slots.toml").open("a") as slots:
        slots.write('\n[[hom.overrides]]\nwhen = { field = "n", op = ">", value = 1 }\nsize = 2\n')
    code, _, err = caini("doctor", "--config", config)
    assert code == 2
    assert "slots.toml: hom: overrides a slot that there is not; known: home, " in err


def test_the_doctor_warns_of_a_currency_that_is_not_the_logs(
    trained: Trained, tmp_path: Path, caini: Caini
) -> None:
    publish(in_pounds(live_bundle(trained.bundles)), tmp_path / "bundles")
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    asked = ("doctor", "--bundles", tmp_path / "bundles", "--config", config)
    assert "counts in" not in caini(*asked)[1], "it is not set"
    shop = (config / "shop.toml").read_text(encoding="utf-8")
    told = shop.replace('# currency = "CNY"', 'currency = "EUR"')
    assert told != shop
    (config / "shop.toml").write_text(told, encoding="utf-8")
    code, out, _ = caini(*asked)
    assert code == 0
    assert "warning shop.toml counts in EUR, the log of bundle" in out
    assert "in GBP, which is used" in out


def test_the_doctor_says_of_each_fault_that_it_is_an_error_and_of_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caini: Caini
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    for name, right, wrong in (
        ("shop.toml", "dormant_days = 90", 'dormant_days = "90"'),
        ("shop.toml", "orders = 5", "ordres = 5"),
        ("slots.toml", "size = 20", 'size = "20"'),
        ("train.toml", "seed = 7", 'seed = "7"'),
    ):
        file = config / name
        file.write_text(file.read_text().replace(right, wrong, 1))
    code, out, err = caini("doctor", "--config", config)
    assert (code, len(err.splitlines())) == (2, 4)
    assert "error" not in out, "each once: on standard error"
    assert not [line for line in out.splitlines() if ": " in line and line[0] == " "]
    assert [line.split(": ")[2] for line in err.splitlines()] == [
        "shop.toml", "shop.toml", "slots.toml", "train.toml"
    ]  # fmt: skip
    assert all(line.endswith("; mend the file") for line in err.splitlines())
    told = json.loads(caini("doctor", "--config", config, "--json")[1])
    assert sum(finding["level"] == "error" for finding in told) == 4
    code, _, err = caini("recommend", "--bundles", tmp_path, "--config", config)
    assert (code, err.count("caini: error: s")) == (2, 3), "shop.toml twice, slots.toml once"
    monkeypatch.setenv("CAINI_KEYS", str(tmp_path / "keys.toml"))
    (tmp_path / "keys.toml").write_text("keys = 3\n")
    code, _, err = caini("serve", "--bundles", tmp_path, "--config", config)
    assert (code, err.count("caini: error: ")) == (2, 4)
    assert "caini: error: keys.toml: keys: " in err


@pytest.mark.parametrize("verb", ["segments", "train", "serve", "doctor"])
def test_without_a_folder_of_settings_the_option_is_named(
    verb: str, tmp_path: Path, caini: Caini
) -> None:
    log = ("--log", tmp_path / "log.parquet", "--out", tmp_path)
    words = log if verb == "train" else ("--bundles", tmp_path)
    code, _, err = caini(verb, *words, "--config", tmp_path / "none")
    assert code == 2
    assert "shop.toml: cannot be read: No such file or directory; name the folder with --c" in err


def test_the_doctor_prints_the_schema_of_an_event(caini: Caini) -> None:
    assert json.loads(caini("doctor", "--schema")[1]) == json.loads(json.dumps(json_schema()))
