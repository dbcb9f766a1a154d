"""Charts as inline SVG: small functions, direct labels, colours from the page's style sheet.

Every chart is drawn in units of a phone's width, so that its letters stay readable there.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import escape

WIDTH: Final = 420
ROW: Final = 40  # a label above its bar
RIGHT: Final = 86  # room for the value behind the longest bar
LONGEST_LABEL: Final = 44


class Bar(NamedTuple):
    label: str
    value: float
    said: str
    other: float = 0.0  # of the second series
    other_said: str = ""


class Whisker(NamedTuple):
    label: str
    value: float
    low: float
    high: float
    mark: float  # what it is compared with
    said: str


def svg(height: float, title: str, description: str, body: Sequence[str]) -> str:
    """`title` and `description` are read out; the table beside it holds the numbers."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" class="chart">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(body)}</svg>"
    )


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    look = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
        f'rx="1.5" class="{kind}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _short(label: str) -> str:
    """Wide letters count twice."""
    room, kept = LONGEST_LABEL, ""
    for letter in label:
        room -= 2 if ord(letter) > 0x2E7F else 1
        if room < 0:
            return f"{kept}…"
        kept += letter
    return kept


def _legend(names: Sequence[str]) -> list[str]:
    """The first series in the accent, the second quiet."""
    drawn, x = [], 0.0
    for place, name in enumerate(names):
        drawn += [_rect(x, 3, 10, 10, "bar" if place == 0 else "bar quiet")]
        drawn += [_text(x + 15, 12.5, name, "small")]
        x += 15 + 22 + sum(13 if ord(letter) > 0x2E7F else 7 for letter in name)
    return drawn


def bars(rows: Sequence[Bar], title: str, description: str, legend: Sequence[str] = ()) -> str:
    """Horizontal bars from a common zero; with a legend each row has a second, quiet bar."""
    top = 24 if legend else 0
    paired = bool(legend)
    step = ROW + 14 if paired else ROW
    longest = max((max(row.value, row.other) for row in rows), default=0) or 1
    scale = (WIDTH - RIGHT) / longest
    body = _legend(legend)
    for place, row in enumerate(rows):
        y = top + place * step
        body += [_text(0, y + 13, _short(row.label))]
        body += _one_bar(y + 19, row.value * scale, row.said, "bar")
        if paired:
            body += _one_bar(y + 33, row.other * scale, row.other_said, "bar quiet")
    return svg(top + len(rows) * step, title, description, body)


def _one_bar(y: float, length: float, said: str, kind: str) -> list[str]:
    length = max(length, 1.5)
    return [_rect(0, y, length, 10, kind), _text(length + 6, y + 9.5, said, "value")]


def columns(
    values: Sequence[float], marks: Sequence[tuple[int, str]], title: str, desc: str
) -> str:
    """One upright bar each; `marks` name some of them (place, words), the last is the accent."""
    height, floor = 190.0, 158.0
    top = max([*values, 0]) or 1
    step = WIDTH / max(len(values), 1)
    body = [_line(0, floor, WIDTH, floor, "axis")]
    for place, value in enumerate(values):
        tall = max(value, 0) / top * (floor - 30)
        kind = "bar" if place == len(values) - 1 else "bar quiet"
        body.append(_rect(place * step + step * 0.12, floor - tall, step * 0.76, tall, kind))
    for place, words in marks:
        x = place * step + step / 2
        anchor = "start" if x < WIDTH * 0.2 else "end" if x > WIDTH * 0.8 else "middle"
        tall = max(values[place], 0) / top * (floor - 30)
        body.append(_text(min(max(x, 0), WIDTH), floor - tall - 8, words, "value", anchor))
    return svg(height, title, desc, body)


def with_ends(chart: str, first: str, final: str) -> str:
    """The same columns with the first and the last date under them."""
    ends = _text(0, 176, first, "small") + _text(WIDTH, 176, final, "small", "end")
    return chart.replace("</svg>", f"{ends}</svg>")


def grid(
    cells: dict[tuple[int, int], tuple[float, str]],
    axes: tuple[str, str, str, str],
    title: str,
    description: str,
) -> str:
    """A five by five map; keys are (up, right) from 1; `axes`: low and high up, low and high right.

    The darker, the more; empty cells hold nobody that may be told of.
    """
    left, size, gap = 64.0, 66.0, 3.0
    most = max((weight for weight, _ in cells.values()), default=0) or 1
    body = []
    for up in range(1, 6):
        for right in range(1, 6):
            weight, said = cells.get((up, right), (0.0, ""))
            x, y = left + (right - 1) * (size + gap), (5 - up) * (46 + gap)
            level = min(4, int(5 * (weight / most) ** 0.5)) if said else -1
            body.append(_rect(x, y, size, 46, f"heat{level}" if said else "heat none"))
            strong = " strong" if level >= 3 else ""
            body.append(_text(x + size / 2, y + 28, said, f"value{strong}", "middle"))
    bottom = 5 * (46 + gap) + 14
    body += [_text(left - 8, 28, axes[1], "small", "end")]
    body += [_text(left - 8, 4 * (46 + gap) + 28, axes[0], "small", "end")]
    body += [_text(left, bottom, axes[2], "small")]
    body += [_text(left + 5 * (size + gap) - gap, bottom, axes[3], "small", "end")]
    return svg(bottom + 8, title, description, body)


def curve(
    steps: Sequence[float],
    series: Sequence[tuple[str, Sequence[float], str]],
    mark: tuple[float, str],
    title: str,
    description: str,
) -> str:
    """Lines from (0, 0) to (1, 1); series: name, values, what it says at `mark`."""
    size, wide = 230.0, float(WIDTH - 10)
    body = [_line(0, size, wide, size, "axis"), _line(0, size, wide, 0, "axis dashed")]
    x = mark[0] * wide
    body += [_line(x, 0, x, size, "axis dashed"), _text(x + 5, size - 8, mark[1], "small")]
    for place, (name, values, said) in enumerate(series):
        points = " ".join(
            f"{step * wide:.1f},{size - value * size:.1f}"
            for step, value in zip(steps, values, strict=True)
        )
        kind = "stroke" if place == 0 else "stroke quiet"
        body.append(f'<polyline points="{points}" class="{kind}"/>')
        y = size * 0.42 + place * 22
        swatch = "bar" if place == 0 else "bar quiet"
        body += [_rect(wide * 0.5, y - 9, 10, 10, swatch)]
        body += [_text(wide * 0.5 + 15, y, f"{name}: {said}", "value")]
    return svg(size + 6, title, description, body)


def whiskers(rows: Sequence[Whisker], title: str, desc: str, legend: Sequence[str]) -> str:
    """A dot with its interval, and a quiet tick for what it is compared with."""
    most = max((max(row.high, row.mark) for row in rows), default=0) or 1
    scale = (WIDTH - RIGHT) / most
    body = _legend(legend)
    for place, row in enumerate(rows):
        y = 24 + place * ROW
        body += [_text(0, y + 13, _short(row.label))]
        body += [_line(0, y + 25, WIDTH - RIGHT, y + 25, "axis")]
        body += [_line(row.low * scale, y + 25, row.high * scale, y + 25, "range")]
        body += [_rect(row.mark * scale - 1.5, y + 18, 3, 14, "bar quiet")]
        body += [f'<circle cx="{row.value * scale:.1f}" cy="{y + 25}" r="5" class="bar"/>']
        body += [_text(max(row.high, row.mark) * scale + 8, y + 29, row.said, "value")]
    return svg(24 + len(rows) * ROW, title, desc, body)


def spread(values: Sequence[float], least: int = 1) -> bool:
    """Whether a chart would say anything: some values above 0, not all the same."""
    known = [value for value in values if value > 0]
    return len(known) >= least and any(one != other for one, other in pairwise([*values, 0]))
