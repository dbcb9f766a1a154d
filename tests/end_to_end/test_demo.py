"""`caini demo` from nothing to slates that react, on a small shop and in both languages."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from caini.demo.client import Client
from caini.main import main
from caini.verbs.demo import run
from engine.errors import CainiError, ConfigError
from tests.conftest import CONFIG
from tests.servers import PATIENCE_S, processes_of

REAL = Path(__file__).parents[3] / "shared" / "data" / "online-retail" / "online_retail.parquet"


def demo(monkeypatch: pytest.MonkeyPatch, *words: object, config: Path = CONFIG) -> None:
    told = ["caini", "demo", "--once", "--port", "0", "--config", config, *words]
    monkeypatch.setattr(sys, "argv", [str(word) for word in told])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as leaving:
        main()
    assert not leaving.value.code


def test_named_customers_get_different_slates_that_react_to_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--customers", 300, "--items", 300)
    demo(monkeypatch, "--folder", tmp_path / "d", "--lang", "en", *small)
    told = capsys.readouterr().out
    assert "mei: mother of a five-month-old" in told
    assert "Time to buy it again" in told
    assert "tier diamond" in told
    assert told.count("the very next request") == 3
    (refill,) = re.findall(r"mei buys (.+), so it is no longer due", told)
    after_the_refill = told.split("so it is no longer due")[1].split("Now it happens")[0]
    assert not any(line.strip("→ ").startswith(refill) for line in after_the_refill.splitlines())
    risen = told.split("reaches the first star and pays member prices")[1]
    paid = re.findall(r" (\d+\.\d\d) +(\d+\.\d\d) ", risen.replace(",", ""))
    assert len(paid) == 5
    assert all(float(own) == pytest.approx(0.9 * float(price), abs=0.01) for price, own in paid)
    assert "Popular right now" in told
    assert "→" in told
    assert "http://127.0.0.1:" in told


@pytest.mark.parametrize(
    ("under", "number"),
    [
        ([], signal.SIGINT),
        ([], signal.SIGTERM),
        ([], signal.SIGHUP),
        (["nohup"], signal.SIGTERM),
    ],
)
def test_the_shop_stays_open_until_it_is_told_to_close(
    few: Path, tmp_path: Path, under: list[str], number: int
) -> None:
    """Under nohup a terminal that is closed does not close it."""
    command = [*under, sys.executable, "-m", "caini", "demo", "--port", "0"]
    command += ["--folder", str(tmp_path)]
    command += ["--config", str(few), "--customers", "100", "--items", "200"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        told = next(line for line in demo.stdout if "Ctrl-C" in line)
        address = re.findall(r"http://[0-9.:]+", told)[0]
        assert httpx.get(f"{address}/health/live").status_code == 200
        if under:
            demo.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                demo.wait(2)
            assert httpx.get(f"{address}/health/live").status_code == 200
        demo.send_signal(number)
        demo.wait(PATIENCE_S)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health/live")


AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_ctrl_c_in_a_terminal_ends_all_that_the_demo_started(few: Path, tmp_path: Path) -> None:
    """In a terminal of its own: the key reaches every process of the foreground at once."""
    command = [sys.executable, "-c", AT_A_TERMINAL, "-m", "caini", "demo", "--port", "0"]
    command += ["--folder", str(tmp_path), "--config", str(few), "--customers", "100"]
    command += ["--items", "200"]
    keyboard, terminal = pty.openpty()
    three = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    demo = subprocess.Popen(command, **three, start_new_session=True)
    os.close(terminal)
    try:
        told = said(keyboard, until=b"Ctrl-C")
        assert len(processes_of(tmp_path)) > 2, "the demo, its server and the server's Redis"
        os.write(keyboard, b"\x03")
        told += said(keyboard, until=b"nothing: the terminal is gone with who held it last")
        assert demo.wait(PATIENCE_S) == 0
    finally:
        demo.terminate()
        demo.wait(PATIENCE_S)
        os.close(keyboard)
    assert b"Traceback" not in told
    assert processes_of(tmp_path) == {}


def said(keyboard: int, until: bytes) -> bytes:
    told, end = b"", time.monotonic() + PATIENCE_S
    with contextlib.suppress(OSError):
        while until not in told and time.monotonic() < end:
            if select.select([keyboard], [], [], 1)[0]:
                told += os.read(keyboard, 65_536)
    return told


def test_a_server_that_ends_at_once_is_not_waited_for() -> None:
    with Client(1) as client, pytest.raises(CainiError, match="ended before it was ready"):
        client.wait_until_ready(lambda: False)


def test_the_demo_speaks_chinese(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--customers", 120, "--items", 200)
    demo(monkeypatch, "--folder", tmp_path / "d", "--lang", "zh", *small, config=few)
    told = capsys.readouterr().out
    assert "千人千面" in told
    assert "因为您买过" in told


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the real log does not lie beside the project")
def test_a_real_shops_log_is_shown_the_same_way(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo(monkeypatch, "--folder", tmp_path / "d", "--data", REAL, config=few)
    told = capsys.readouterr().out
    assert "Because you bought" in told
    assert told.count("the very next request") == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [({"data": Path("no.parquet")}, "no such file"), ({"lang": "fr"}, "must be en or zh")],
)
def test_what_cannot_be_shown_is_said_first(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    asked = {"data": None, "lang": None, "size": (300, 300), "once": True, "port": 0}
    with pytest.raises(ConfigError, match=words):
        run(folder=tmp_path, config=CONFIG, **{**asked, **change})  # type: ignore[arg-type]
