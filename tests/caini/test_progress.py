"""What is said on the way: one line a stage in a pipe, the present stage on a screen."""

import re

import pytest

from caini.progress import progress_lines


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_in_a_pipe_each_stage_is_one_line_and_the_last_tells_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress_lines("train", shown=True) as (say, tell):
        for stage in ("read", "factors", "read"):
            say(stage)
        tell("warm [7] from 20260101")
        say("publish")
    *told, last = lines(capsys)
    said = ["read", "factors", "warm [7] from 20260101", "publish"]
    assert told == [f"train: 00:00 {stage}" for stage in said]
    assert re.fullmatch(r"train: 00:00 done in 0\.\d s", last)


def test_what_failed_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    def torn() -> None:
        with progress_lines("train", shown=True) as (say, _):
            say("read")
            raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        torn()
    assert lines(capsys) == ["train: 00:00 read"]


def test_who_wants_quiet_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_lines("train", shown=False) as (say, tell):
        say("read")
        tell("a line")
    assert lines(capsys) == []


def test_a_screen_shows_the_present_stage_and_keeps_the_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # a screen, to the library that prints
    with progress_lines("tune", shown=True) as (say, tell):
        say("factors")
        tell("trial 1")
    told = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "tune: 00:00 trial 1" in told
    assert "tune: 00:00 factors" not in told
    assert "done in" not in told
