"""What the demo prints, on a screen and in a pipe."""

import pytest

from caini.demo.show import NARROWEST, Show, console_of_demo

LONG = "Because you bought Lanting Longjing tea gift tin, and others who bought it came back for it"
ANSWER = {
    "items": [
        {
            "item_id": "a",
            "title": "Stone Well tea tray clay with a lid",
            "price": 359.0,
            "tier_price": 251.3,
            "reason": {"text": LONG},
        }
    ]
}


def test_in_a_pipe_no_line_of_a_table_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    Show(console_of_demo(), "en").slate(ANSWER)
    heads, line = capsys.readouterr().out.splitlines()
    assert LONG in line
    assert [word.strip() for word in heads.split("  ") if word.strip()] == [
        "item",
        "price",
        "member pays",
        "why",
    ]
    monkeypatch.setenv("COLUMNS", str(NARROWEST + 40))
    assert console_of_demo().width == NARROWEST + 40
