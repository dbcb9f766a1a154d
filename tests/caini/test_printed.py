"""Tables for people: what names something is never broken."""

import re

import pytest

from caini.printed import print_table

NAME, AT = "20261121-e08185f76eb2", "2026-11-21 15:24:08"
SAID = "0.0% of the events name items that the catalogue lacks, and that is a long story"
COLUMNS = ("live", "version", "log until (UTC)", "events", "what was found")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_table("Bundles", COLUMNS, [("→", NAME, AT, 4441, SAID), ("", "顾客", AT, None, "short")])
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


@pytest.mark.parametrize("width", [20, 80, 120])
def test_on_a_screen_only_sentences_are_broken(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")  # a screen, to the library that prints
    lines = printed(capsys)
    assert any(all(word in line for word in (NAME, AT, "4441")) for line in lines)
    assert any(all(column in line for column in COLUMNS[:4]) for line in lines)
    assert not any(SAID in line for line in lines)
    start = next(line.index(COLUMNS[-1]) for line in lines if COLUMNS[-1] in line)
    assert SAID in " ".join(line[start:].strip() for line in lines), "and all of it is there"


def test_in_a_pipe_nothing_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert any(NAME in line and SAID in line for line in printed(capsys))
