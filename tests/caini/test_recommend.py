"""`caini recommend` reads as the API does."""

import json
import re
import shutil
from pathlib import Path

from tests.caini.conftest import Caini
from tests.conftest import CONFIG, Trained
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


def test_recommend_shows_a_slate_in_the_language_asked_for(trained: Trained, run: Caini) -> None:
    asked = ("recommend", "--bundles", trained.bundles, "--customer", "mei", "--slot", "my")
    code, out, _ = run(*asked, "--n", "3", "--json", "--lang", "zh")
    told = json.loads(out)
    assert code == 0
    assert [item["position"] for item in told["items"]] == [1, 2, 3]
    assert told["customer"]["customer_id"] == "mei"
    assert told["customer"]["stage"] != "potential"
    code, out, _ = run(*asked)
    assert code == 0
    assert "my for mei" in out
    code, out, _ = run("recommend", "--bundles", trained.bundles, "--search", "coffee")
    assert code == 0
    assert "home for nobody (unknown)" in out


def test_in_chinese_all_that_recommend_says_is_chinese(trained: Trained, run: Caini) -> None:
    asked = ("recommend", "--bundles", trained.bundles, "--slot", "my", "--lang", "zh")
    code, out, _ = run(*asked, "--customer", "mei")
    title, heads = out.splitlines()[:2]
    assert code == 0
    assert title.startswith("mei · 猜您喜欢 (my)（分群 ")
    assert "，阶段 " in title
    assert "，价值 " in title
    assert not re.search("[a-z]", title.removeprefix("mei · 猜您喜欢 (my)"))
    assert heads.split() == ["位置", "商品编号", "名称", "得分", "来源", "推荐理由"]
    assert run(*asked)[1].startswith("新访客 · 猜您喜欢 (my)（未知）")


def test_recommend_names_what_there_is_when_asked_for_what_is_not(
    trained: Trained, run: Caini
) -> None:
    code, _, err = run("recommend", "--bundles", trained.bundles, "--slot", "banner")
    assert code == 2
    assert "unknown slot 'banner'; known: cart, home, item, list, my, search" in err
    code, _, err = run("recommend", "--bundles", trained.bundles, "--lang", "fr")
    assert code == 2
    assert "must be en or zh" in err


def test_recommend_takes_the_names_of_the_api_and_names_the_categories(
    trained: Trained, run: Caini
) -> None:
    asked = ("recommend", "--bundles", trained.bundles, "--json")
    short = ("--customer", "mei", "--context", "formula-001", "--search", "tea", "--lang", "zh")
    long = ("--customer-id", "mei", "--context-items", "formula-001", "--query", "tea")
    said = run(*asked, *short)
    assert said[0] == 0
    assert run(*asked, *long, "--language", "zh") == said
    first = json.loads(said[1])["items"][0]["item_id"]
    without = json.loads(run(*asked, *short, "--exclude", first, "--channel", "app")[1])["items"]
    assert first not in [item["item_id"] for item in without]
    code, _, err = run(*asked, "--category", "no such > shelf")
    assert (code, "unknown category 'no such > shelf'; known: " in err) == (2, True)
