"""R3: a key that names kinds of data sees these of a customer and no others."""

import json
from pathlib import Path

import pytest

from engine.customers.section_config import SECTIONS
from engine.errors import ConfigError
from serving.auth import new_key, read_keys
from tests.caini.conftest import Caini, caini  # noqa: F401  # a fixture
from tests.servers import publish_tea, serving
from tests.serving.test_keys import entry


def test_R3_a_key_with_sections_sees_these_alone_whatever_it_asks_for(tmp_path: Path) -> None:
    publish_tea(tmp_path / "bundles")
    (few, one), (all_, two) = new_key(), new_key()
    (tmp_path / "keys.toml").write_text(
        entry("few", one, "customers", more='sections = ["user", "usage"]')
        + entry("all", two, "customers")
    )
    environment = {"CAINI_KEYS": str(tmp_path / "keys.toml")}
    with serving(tmp_path / "bundles", tmp_path / "data", environment=environment) as server:

        def told(key: str, asked: str = "") -> dict[str, object]:
            header = {"authorization": f"Bearer {key}"}
            answer = server.client.get(f"/customers/mei{asked}", headers=header)
            assert answer.status_code == 200, answer.text
            found: dict[str, object] = answer.json()
            return found

        for asked, seen in {
            "": {"user", "usage"},
            "?sections=user": {"user"},
            "?sections=usage&sections=credit": {"usage"},
            "?sections=credit": set(),
        }.items():
            answer = told(few, asked)
            assert set(answer) == {"customer_id", "sections", "bundle_version", "degraded"}
            assert set(answer["sections"]) == seen, asked  # type: ignore[call-overload]
        assert "ledger" in told(all_)
        assert set(told(all_, "?sections=credit")["sections"]) == {"credit"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("scope", "sections", "fault"),
    [
        ("customers", "[]", "at least 1 item"),
        ("customers", '["secret"]', "keys.0.sections"),
        ("events", '["user"]', "sections say what the scope customers may see"),
    ],
)
def test_R3_sections_that_protect_nothing_stop_the_start(
    tmp_path: Path, scope: str, sections: str, fault: str
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(entry("few", "0" * 64, scope, more=f"sections = {sections}"))
    with pytest.raises(ConfigError) as told:
        read_keys(file)
    assert fault in str(told.value)


def test_R3_the_command_makes_a_key_with_sections(
    caini: Caini,  # noqa: F811
    tmp_path: Path,
) -> None:
    asked = ("key", "desk", "--scope", "customers", "--sections", "user", "--sections", "usage")
    code, out, _ = caini(*asked)
    (tmp_path / "keys.toml").write_text(out)
    (known,) = read_keys(tmp_path / "keys.toml").values()
    assert (code, known.sections) == (0, {"user", "usage"})
    assert json.loads(caini(*asked, "--json")[1])["sections"] == ["usage", "user"]
    assert json.loads(caini("key", "a", "--scope", "items", "--json")[1])["sections"] is None
    code, _, err = caini("key", "desk", "--scope", "customers", "--sections", "secret")
    assert (code, "key: sections" in err) == (2, True)
    assert all(name in err for name in SECTIONS)
