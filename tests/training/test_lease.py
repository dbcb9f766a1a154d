"""One retraining at a time, and an old one cannot undo a newer one's work."""

import json
import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from engine.errors import BundleError, LeaseError
from tests.training.test_publish import dated
from tests.worlds import bundle
from training.lease import LEASE, held, lease
from training.publish import FENCE, current, newest_token, publish, versions

FORK = multiprocessing.get_context("fork")


def test_a_second_run_is_told_who_holds_the_lease(tmp_path: Path) -> None:
    told = pytest.raises(LeaseError, match=f"process {os.getpid()} on ")
    with lease(tmp_path), told, lease(tmp_path):
        raise AssertionError("two hold it")
    with lease(tmp_path) as token:
        assert token == newest_token(tmp_path) == 2
    assert held(tmp_path) is None


def test_tokens_only_grow(tmp_path: Path) -> None:
    given = []
    for _ in range(4):
        with lease(tmp_path) as token:
            given.append(token)
    assert given == [1, 2, 3, 4]
    (tmp_path / FENCE).write_text("many")
    with pytest.raises(BundleError, match="holds no number"), lease(tmp_path):
        raise AssertionError("no number")


def _hold(folder: Path, holding: Event) -> None:
    with lease(folder):
        holding.set()
        time.sleep(60)


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    holding = FORK.Event()
    run = FORK.Process(target=_hold, args=(tmp_path, holding))
    run.start()
    assert holding.wait(30)
    with pytest.raises(LeaseError), lease(tmp_path):
        raise AssertionError("held by one that lives")
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    run.join()
    with lease(tmp_path) as token:
        assert token == 2


def test_a_run_on_another_machine_is_waited_for_until_its_lease_ends(tmp_path: Path) -> None:
    away = {"token": 7, "host": "elsewhere", "pid": 1, "renewed_at": time.time() - 10}
    (tmp_path / LEASE).write_text(json.dumps(away))
    (tmp_path / FENCE).write_text("7\n")
    with pytest.raises(LeaseError, match="on elsewhere"), lease(tmp_path, life_s=60):
        raise AssertionError("held by one that lives")
    with lease(tmp_path, life_s=5) as token:
        assert token == 8


def test_a_lease_is_renewed_while_the_run_lives(tmp_path: Path) -> None:
    with lease(tmp_path, life_s=0.2):
        before = held(tmp_path)
        time.sleep(0.3)
        after = held(tmp_path)
    assert before is not None
    assert after is not None
    assert after.renewed_at > before.renewed_at


def _publish_late(folder: Path, holding: Event, refused: Event) -> None:
    with lease(folder, life_s=0.2) as token:
        holding.set()
        time.sleep(0.5)
        try:
            publish(dated(bundle(), 1), folder, token=token)
        except LeaseError:
            refused.set()


def test_a_run_that_slept_while_another_published_is_refused(tmp_path: Path) -> None:
    holding, refused = FORK.Event(), FORK.Event()
    old = FORK.Process(target=_publish_late, args=(tmp_path, holding, refused))
    old.start()
    assert holding.wait(30)
    assert old.pid is not None
    os.kill(old.pid, signal.SIGSTOP)
    time.sleep(0.4)
    with lease(tmp_path, life_s=0.2) as token:
        version = publish(dated(bundle(), 2), tmp_path, token=token).version
        os.kill(old.pid, signal.SIGCONT)
        old.join(30)
    assert refused.is_set()
    assert current(tmp_path) == version
    assert versions(tmp_path) == [version]
