"""The samples for servers: their command is run, their probes asked, their stop waited for."""

import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from caini.main import main
from caini.verbs.key import run as make_key
from tests.conftest import CONFIG
from tests.deploy.test_samples import DEPLOY, options_of, unit
from tests.servers import PATIENCE_S, PATIENT, Server, finish, launch, publish_tea

SETTING_WRONG = 2


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What lies in /srv/caini: bundles and settings."""
    publish_tea(tmp_path / "data" / "bundles")
    shutil.copytree(CONFIG, tmp_path / "config")
    return tmp_path


@contextmanager
def running(words: list[str], home: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """The sample's own command on a free port of this machine; told to go at the end."""
    named = {**PATIENT, **environment, "CAINI_HOST": "127.0.0.1", "CAINI_PORT": "0"}
    bundles = home / "data" / "bundles"
    before = {path: path.stat().st_mtime_ns for path in bundles.rglob("*")}
    server = launch(["caini", *words], home, named)
    try:
        assert server.client.get("/health/ready").status_code == 200
        yield server
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
        assert {path: path.stat().st_mtime_ns for path in bundles.rglob("*")} == before
    finally:
        finish(server)


def words_after_caini(command: list[str]) -> list[str]:
    place = next(n for n, word in enumerate(command) if word.split("/")[-1] == "caini")
    given = [word for word in command[place + 2 :] if word.startswith("--")]
    assert {"--bundles", "--config", "--data"} <= set(given) <= options_of("serve")
    return command[place + 1 :]


def test_the_service_of_systemd_serves_and_ends_well(home: Path) -> None:
    service = unit("caini-serve.service")["Service"]
    words = words_after_caini(shlex.split(service["ExecStart"]))
    with running(words, home, {}) as server:
        assert len(server.items("mei", n=3)) == 3
        assert (home / "data" / "redis").is_dir(), "in the folder that it may write to"
    assert service["ReadWritePaths"] == f"{service['WorkingDirectory']}/data"
    bundles = f"{service['WorkingDirectory']}/data/bundles"
    assert service["ReadOnlyPaths"] == f"-{bundles}", "which need not be there yet"


def test_the_service_of_systemd_is_not_started_again_with_a_wrong_setting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = unit("caini-serve.service")["Service"]
    (home / "config" / "slots.toml").write_text("[home]\nsise = 3\n")
    monkeypatch.chdir(home)
    words = words_after_caini(shlex.split(service["ExecStart"]))
    monkeypatch.setattr("sys.argv", ["caini", *words, "--port", "0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == SETTING_WRONG
    assert service["RestartPreventExitStatus"].split() == [str(SETTING_WRONG)]
    assert service["KillMode"] == "mixed", "workers are told once, by the main process"


def serve_yaml() -> dict[str, Any]:
    text = (DEPLOY / "kubernetes" / "serve.yaml").read_text()
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = serve_yaml()["Deployment"]["spec"]["template"]["spec"]
    return spec


def settings(container: Mapping[str, Any]) -> dict[str, str]:
    """Those that the sample gives itself; the others are secrets."""
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def test_the_pods_of_kubernetes_serve_where_their_probes_ask(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (container,) = pod()["containers"]
    words = words_after_caini([*container["command"], *container["args"]])
    make_key("front", ["recommend"], sections=(), days=None, as_json=False)
    told, keys = capsys.readouterr(), home / "keys.toml"
    keys.write_text(told.out)
    mounts = {
        "/srv/caini": str(home),
        "/etc/caini-keys": str(home),
        "/etc/caini": str(home / "config"),
        "/tmp": str(tmp_path / "scratch"),
    }
    assert mounts.keys() == {mount["mountPath"] for mount in container["volumeMounts"]}

    def here(word: str) -> str:
        place = next((place for place in mounts if word.startswith(place)), None)
        return word if place is None else word.replace(place, mounts[place])

    environment = {name: here(value) for name, value in settings(container).items()}
    assert environment["CAINI_KEYS"] == str(keys)
    environment["CAINI_DRAIN_DELAY_S"] = "0"
    with running([here(word) for word in words], home, environment) as server:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] == container["ports"][0]["name"]
            assert server.client.get(asked["path"]).status_code == 200, "no key is needed"
        assert server.client.post("/recommend", json={}).status_code == 401
        key = {"authorization": f"Bearer {told.err.split()[-1]}"}
        assert server.client.post("/recommend", json={}, headers=key).status_code == 200


def test_a_pod_that_leaves_waits_as_long_as_its_probe_needs_and_is_given_the_time() -> None:
    (container,) = pod()["containers"]
    given, probe = settings(container), container["readinessProbe"]
    delay, drain = (float(given[f"CAINI_{name}_S"]) for name in ("DRAIN_DELAY", "DRAIN"))
    assert delay >= probe["periodSeconds"] * probe["failureThreshold"]
    assert pod()["terminationGracePeriodSeconds"] > delay + drain
    service = unit("caini-serve.service")["Service"]
    assert int(service["TimeoutStopSec"]) > delay + drain


def test_what_the_sample_of_kubernetes_names_belongs_together() -> None:
    parts = serve_yaml()
    versions = {kind: one["apiVersion"] for kind, one in parts.items()}
    assert versions == {
        "Deployment": "apps/v1", "Service": "v1", "PodDisruptionBudget": "policy/v1",
    }  # fmt: skip
    (container,) = pod()["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod()["volumes"]
    }
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert int(settings(container)["CAINI_PORT"]) == container["ports"][0]["containerPort"]
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for chosen in (
        parts["Deployment"]["spec"]["selector"]["matchLabels"],
        parts["Service"]["spec"]["selector"],
        parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert chosen == labels
    assert parts["Service"]["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    shop = next(volume for volume in pod()["volumes"] if volume["name"] == "shop")
    (job,) = yaml.safe_load_all((DEPLOY / "kubernetes" / "retrain.yaml").read_text())
    writer = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    theirs = next(volume for volume in writer["volumes"] if volume["name"] == "shop")
    name = theirs["persistentVolumeClaim"]["claimName"]
    assert shop["persistentVolumeClaim"] == {"claimName": name, "readOnly": True}
    assert labels != job["metadata"]["labels"], "no request is sent to a training"
