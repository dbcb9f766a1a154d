"""The samples of deploy/ are what their systems read, and call the command as it is."""

import re
import runpy
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from caini.main import app

DEPLOY = Path(__file__).parents[2] / "deploy"
CRON_LINE = re.compile(r"^(\S+ ){5}(?P<user>\w+) (?P<command>.+)$")
HELPLESS = {2, 3, 6, 7, 8}


def options_of(verb: str) -> set[str]:
    command = get_command(app).commands[verb]  # type: ignore[attr-defined]
    return {name for parameter in command.params for name in parameter.opts}


def assert_calls_retrain(words: list[str]) -> None:
    place = words.index("retrain") - 1
    assert words[place].split("/")[-1] == "caini"
    given = [word for word in words[place + 2 :] if word.startswith("--")]
    assert {"--log", "--out"} <= set(given) <= options_of("retrain")
    assert "--url" not in given, "a password would be seen by everybody on the machine"


def test_cron_retrains_every_night() -> None:
    lines = (DEPLOY / "cron" / "caini").read_text().splitlines()
    jobs = [found for line in lines if (found := CRON_LINE.match(line)) and line[0].isdigit()]
    settings = [line for line in lines if re.match(r"^[A-Z_]+=\S+", line)]
    comments = [line for line in lines if line.startswith("#") or not line]
    assert len(jobs) + len(settings) + len(comments) == len(lines)
    (job,) = jobs
    assert "%" not in job["command"], "cron reads it as the end of a line"
    assert_calls_retrain(shlex.split(job["command"]))


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "systemd" / name)
    return parser


def test_systemd_retrains_every_night() -> None:
    service, timer = unit("caini-retrain.service"), unit("caini-retrain.timer")
    assert_calls_retrain(shlex.split(service["Service"]["ExecStart"]))
    prevented = service["Service"]["RestartPreventExitStatus"].split()
    assert {int(code) for code in prevented} == HELPLESS
    assert timer["Timer"]["OnCalendar"]
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text().replace("/opt/caini/.venv/bin/caini", "/bin/true")
        (tmp_path / path.name).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in told.stderr.splitlines() if str(tmp_path) in line]
    assert not ours, told.stderr


def test_kubernetes_retrains_every_night() -> None:
    (job,) = yaml.safe_load_all((DEPLOY / "kubernetes" / "retrain.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    work = job["spec"]["jobTemplate"]["spec"]
    (container,) = work["template"]["spec"]["containers"]
    assert_calls_retrain([*container["command"], *container["args"]])
    rule = work["podFailurePolicy"]["rules"][0]["onExitCodes"]
    assert set(rule["values"]) == HELPLESS
    assert rule["containerName"] == container["name"]
    volumes = {volume["name"] for volume in work["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert container["securityContext"]["readOnlyRootFilesystem"]


class Failed(Exception):
    pass


class FailedForGood(Exception):
    pass


def airflow_dag(monkeypatch: pytest.MonkeyPatch, code: int) -> Callable[[], None]:
    """What the DAG's task does when the command ends with `code`, with a stand-in for Airflow."""
    tasks: list[Callable[[], None]] = []
    seen: list[dict[str, Any]] = []

    def dag(**settings: Any) -> Callable[[Any], Any]:
        seen.append(settings)
        return lambda made: made

    def task(**settings: Any) -> Callable[[Any], Any]:
        def wrap(work: Callable[[], None]) -> Callable[[], None]:
            tasks.append(work)
            return lambda: None

        seen.append(settings)
        return wrap

    modules = {
        "airflow": {},
        "airflow.decorators": {"dag": dag, "task": task},
        "airflow.exceptions": {"AirflowException": Failed, "AirflowFailException": FailedForGood},
        "pendulum": {"datetime": lambda *_, tz: tz},
    }
    for name, content in modules.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    def run(command: tuple[str, ...], **_: Any) -> subprocess.CompletedProcess[str]:
        assert_calls_retrain(list(command))
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", run)
    runpy.run_path(str(DEPLOY / "airflow" / "caini_retrain.py"))
    assert seen[0]["max_active_runs"] == 1
    assert not seen[0]["catchup"]
    (work,) = tasks
    return work


@pytest.mark.parametrize("code", [0, 1, 5, *HELPLESS])
def test_airflow_tries_again_where_that_may_help(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = airflow_dag(monkeypatch, code)
    if code == 0:
        work()
    else:
        with pytest.raises(FailedForGood if code in HELPLESS else Failed):
            work()
