"""Keys with scopes: who calls is known, may do what their key says, and changes leave a line."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.routing import Route

from engine.customers.tombstones import tombstone
from engine.errors import ConfigError
from serving.api import build_api
from serving.app import alive
from serving.auth import KeyRing, KeyScope, is_public, new_key, read_keys, scope_of
from serving.shop import Shop
from tests.caini.conftest import Caini, caini  # noqa: F401  # a fixture
from tests.servers import Server, event, publish_tea, serving, wait_for

CALLS = {
    ("GET", "/"): "recommend",
    ("POST", "/recommend"): "recommend",
    ("GET", "/recommend/mei"): "recommend",
    ("GET", "/similar/cup"): "recommend",
    ("GET", "/bought-together/cup"): "recommend",
    ("GET", "/popular"): "recommend",
    ("POST", "/events"): "events",
    ("PUT", "/items"): "items",
    ("GET", "/customers/mei"): "customers",
    ("POST", "/customers/link"): "identity",
    ("POST", "/customers/unlink"): "identity",
    ("DELETE", "/customers/nobody"): "erasure",
    ("GET", "/metrics"): "metrics",
}
OPEN = ("/health/live", "/health/ready", "/docs", "/openapi.json")
LINKING = {"customer_id": "mei", "aliases": [{"kind": "pos_card", "value": "card-of-mei"}]}
BODIES = {
    "/recommend": {"slot": "home", "n": 2},
    "/events": {"events": [event("k1", "view", customer_id="mei", item_id="cup")]},
    "/items": {"items": [{"item_id": "cup", "available": True}]},
    "/customers/link": LINKING,
    "/customers/unlink": LINKING,
}


def entry(name: str, digest: str, *scopes: str, more: str = "") -> str:
    named = f'[[keys]]\nname = "{name}"\nsha256 = "{digest}"\n'
    return f"{named}scopes = {json.dumps(scopes)}\n{more}\n"


@dataclass
class Guarded:
    server: Server
    keys: dict[str, str]

    def status(self, method: str, path: str, key: str | None) -> int:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        asked = self.server.client.request(method, path, json=BODIES.get(path), headers=headers)
        return asked.status_code


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A key for each scope, one for all, and one for all that has expired."""
    folder = tmp_path_factory.mktemp("keys")
    publish_tea(folder / "bundles")
    every, file, keys = [str(scope) for scope in KeyScope], "", {}
    past = "expires_at = 2020-01-01T00:00:00Z"
    for name, scopes in {**{one: [one] for one in every}, "all": every, "old": every}.items():
        keys[name], digest = new_key()
        file += entry(name, digest, *scopes, more=past if name == "old" else "")
    (folder / "keys.toml").write_text(file)
    environment = {"CAINI_KEYS": str(folder / "keys.toml")}
    with serving(folder / "bundles", folder / "data", environment=environment) as server:
        yield Guarded(server, keys)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_call_takes_the_key_of_its_scope_and_no_other(
    guarded: Guarded, method: str, path: str
) -> None:
    needed = CALLS[method, path]
    for key in (None, "x", "caini_wrong", guarded.keys["old"], f"{guarded.keys['all']}x"):
        assert guarded.status(method, path, key) == 401, key
    for scope in KeyScope:
        status = guarded.status(method, path, guarded.keys[scope])
        assert (status == 403) == (scope != needed), (scope, status)
        assert scope != needed or status in {200, 202}
    assert guarded.status(method, path, guarded.keys["all"]) in {200, 202}


def test_only_health_and_the_description_are_open(guarded: Guarded) -> None:
    for path in OPEN:
        assert guarded.status("GET", path, None) == 200
    assert guarded.status("GET", "/nothing", None) == 401
    assert guarded.status("GET", "/nothing", guarded.keys["events"]) == 404
    assert guarded.status("POST", "/health/live", None) == 401


def test_a_balancer_may_ask_for_the_head_alone(guarded: Guarded) -> None:
    for path in ("/health/live", "/health/ready"):
        told = guarded.server.client.head(path)
        assert (told.status_code, told.content) == (200, b"")
        assert told.headers["content-length"] != "0"
    assert guarded.status("HEAD", "/metrics", None) == 401
    assert guarded.status("HEAD", "/customers/mei", None) == 401


def test_a_refusal_says_what_to_send_and_what_is_lacking(guarded: Guarded) -> None:
    client, header = guarded.server.client, f"bearer {guarded.keys['events']}"
    nobody = client.delete("/customers/mei")
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert nobody.json()["type"] == "urn:caini:key"
    lacking = client.delete("/customers/mei", headers={"authorization": header})
    assert lacking.json()["type"] == "urn:caini:scope"
    assert "'events' has not the scope 'erasure'" in lacking.json()["detail"]
    assert wait_for(lambda: guarded.server.logged("key refused"))["key"] in guarded.keys


def test_every_route_is_public_or_needs_a_scope(tea_shop: Shop) -> None:
    told = build_api(tea_shop, alive)
    own = [route for route in told.routes if isinstance(route, Route)]
    routes = [*own, *(route for part in told.routes for route in routes_of(part))]
    calls = [(method, route.path) for route in routes for method in (route.methods or ())]
    assert len(calls) >= len(CALLS) + len(OPEN)
    for method, pattern in calls:
        path = re.sub(r"{[^}]*}", "x/y", pattern)
        assert method == "HEAD" or is_public(method, path) or scope_of(method, path), path


def routes_of(part: object) -> list[Route]:
    """Of a router that is a part of the API."""
    router = getattr(part, "original_router", None)
    return [] if router is None else [one for one in router.routes if isinstance(one, Route)]


def test_who_changed_who_is_who_is_written_down_without_a_name(guarded: Guarded) -> None:
    server = guarded.server
    key = {"authorization": f"Bearer {guarded.keys['all']}"}
    mine = {
        "customer_id": "zoe-in-the-clear",
        "aliases": [{"kind": "pos_card", "value": "zoe-card"}],
    }
    before = len(server.logs)
    for verb in ("link", "unlink"):
        assert server.client.post(f"/customers/{verb}", json=mine, headers=key).status_code == 200
    receipt = server.client.delete(
        "/customers/zoe-in-the-clear", headers=key | {"x-request-id": "the-day-zoe-left"}
    ).json()
    lines = wait_for(lambda: found if len(found := audits(server, before)) == 3 else None)
    assert [(line["what"], line["by"]) for line in lines] == [
        ("link", "all"),
        ("unlink", "all"),
        ("erase", "all"),
    ]
    assert [line.get("changed") for line in lines] == [1, 1, None]
    assert (lines[2]["erasure"], lines[2]["request_id"]) == (receipt["erasure"], "the-day-zoe-left")
    assert lines[2]["customers"] == receipt["customers"] == lines[0]["customers"][:1]
    assert lines[0]["customers"] == lines[1]["customers"]
    assert len(lines[0]["customers"]) == 2
    assert "zoe-in" not in json.dumps(server.logs)
    assert "zoe-card" not in json.dumps(server.logs)
    assert not any(secret in json.dumps(server.logs) for secret in guarded.keys.values())
    assert tombstone("", "c:zoe-in-the-clear") not in lines[0]["customers"], "with a secret"


def audits(server: Server, after: int) -> list[dict[str, object]]:
    return [line for line in server.logs[after:] if line.get("event") == "audit"]


def test_no_level_of_the_log_silences_an_audit() -> None:
    code = (
        "from serving.logs import configure; configure('error')\n"
        "from serving.audit import audit; from serving.problems import REQUEST_ID_KEY\n"
        "audit({REQUEST_ID_KEY: 'r'}, 'erase', ['hash'], erasure=7)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    line = json.loads(told.stderr)
    assert (line["event"], line["by"], line["erasure"]) == ("audit", None, 7)


WRONG = {
    "": "keys.toml: keys: Field required",
    "keys = []\n": "keys.toml: keys: Tuple should have at least 1 item",
    entry("a", "0" * 64, "everything"): "keys.toml: keys.0.scopes.",
    entry("a", "0" * 63, "events"): "keys.toml: keys.0.sha256: String should match",
    entry("a", "0" * 64, "events") + entry("a", "1" * 64, "items"): "name 'a' is there twice",
    entry("a", "0" * 64, "events") + entry("b", "0" * 64, "items"): "is there twice",
    entry(
        "a", "0" * 64, "events", more="secret = 1"
    ): "keys.toml: keys.0.secret: 'secret' is no key of this table; known: name, sha256",
    entry("a", "0" * 64, "events", more="expires_at = 2027-01-01T00:00:00"): "timezone",
}


@pytest.mark.parametrize("file", WRONG)
def test_a_file_of_keys_that_is_wrong_stops_the_start(file: str, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(file)
    with pytest.raises(ConfigError) as told:
        read_keys(tmp_path / "keys.toml")
    assert WRONG[file] in str(told.value)


def test_keys_are_changed_in_the_file_while_the_server_runs(tmp_path: Path) -> None:
    """A new one is good within seconds, one that was taken out is not, a slip changes nothing."""
    publish_tea(tmp_path / "bundles")
    (first, one), (second, two) = new_key(), new_key()
    file = tmp_path / "keys.toml"
    file.write_text(entry("first", one, "recommend"))
    environment = {"CAINI_KEYS": str(file)}
    with serving(tmp_path / "bundles", tmp_path / "data", environment=environment) as server:
        guarded = Guarded(server, {})

        def statuses() -> list[int]:
            return [guarded.status("GET", "/popular", key) for key in (first, second)]

        assert statuses() == [200, 401]
        file.write_text(entry("first", one, "recommend") + entry("second", two, "recommend"))
        wait_for(lambda: statuses() == [200, 200])
        assert wait_for(lambda: server.logged("keys read"))["keys"] == ["first", "second"]
        file.write_text("keys = []\n")
        told = wait_for(lambda: (statuses(), server.logged("keys not read"))[1])
        assert told["problem"].startswith("keys.toml: keys: Tuple should have at least 1 item")
        assert statuses() == [200, 200]
        file.unlink()
        time.sleep(1.2)
        assert statuses() == [200, 200], "a file that is gone opens nothing and shuts nothing"
        file.write_text(entry("second", two, "recommend"))
        wait_for(lambda: statuses() == [401, 200])


def test_the_file_is_looked_at_once_a_second(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(entry("one", "1" * 64, "events"))
    ring = KeyRing(file)

    def names(now_s: float) -> list[str]:
        return [key.name for key in ring.at(now_s).values()]

    assert names(100.0) == ["one"]
    file.write_text(entry("another", "2" * 64, "events"))
    assert [names(100.9), names(101.0)] == [["one"], ["another"]]
    file.write_text(entry("third", "3" * 64, "events"))
    assert names(50.0) == ["third"], "a clock that was set back"
    assert KeyRing(None).at(100.0) == {}


def test_the_command_makes_a_key_that_the_server_knows(
    caini: Caini,  # noqa: F811
    tmp_path: Path,
) -> None:
    code, out, err = caini("key", "till", "--scope", "events", "--scope", "identity", "--days", 30)
    assert code == 0
    key = err.split()[-1]
    assert key not in out
    (tmp_path / "keys.toml").write_text(out)
    ((digest, known),) = read_keys(tmp_path / "keys.toml").items()
    assert (known.name, known.scopes) == ("till", {"events", "identity"})
    assert known.expires_at is not None
    assert key.startswith("caini_")
    assert digest == sha256(key.encode()).digest()
    told = json.loads(caini("key", "till", "--scope", "events", "--json")[1])
    assert told["key"] not in {key, told["sha256"]}
    assert caini("key", "till", "--scope", "events", "--days", 10**12)[0] == 2
    code, _, err = caini("key", "Till", "--scope", "all")
    assert code == 2
    assert "key: name: " in err
    assert "key: scopes.0: Input should be 'recommend', " in err
