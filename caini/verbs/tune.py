"""`caini tune`: a longer search for settings, whose result is a diff that somebody reads."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from caini.instants import wall_clock
from caini.printed import print_json, print_table
from caini.progress import progress_lines
from training.evaluate import PARTS
from training.job import read_by
from training.train import open_source, read_settings, require_past
from training.tune.opening import World
from training.tune.patch import diff_of
from training.tune.study import Budget
from training.tune.tune import Figure, Proposal, tune
from training.whole_file import write_whole

TITLES: Final = dict(zip(PARTS, ("all bought", "new to them"), strict=True))


def run(
    log: Path,
    out: Path,
    *,
    items: Path | None,
    budget: Budget,
    searching: bool,
    config: Path,
    quiet: bool,
    as_json: bool,
) -> None:
    """The journal of the trials lies beside OUT."""
    started = time.monotonic()
    settings = read_settings(config, search=searching)
    journal = out.with_name(f"{out.name}.journal")
    with progress_lines("tune", shown=not quiet) as (say, tell):
        source = open_source(log, items)
        require_past(source, wall_clock())
        inputs = " ".join(read_by(log, items).values())
        left = budget.after(time.monotonic() - started)
        proposal = tune(source, settings, inputs, journal, left, World(say, tell))
    diff = diff_of(config, proposal.knobs, proposal.values) if proposal.better else ""
    if diff:
        write_whole(out.parent, diff, out)
    else:
        out.unlink(missing_ok=True)  # of an earlier run: nobody is to apply it now
    if as_json:
        print_json(_document(proposal, out if diff else None))
    elif not quiet:
        _print(proposal, out, config, written=bool(diff))


def _document(proposal: Proposal, out: Path | None) -> dict[str, Any]:
    return {
        "out": None if out is None else str(out),
        "better": proposal.better,
        "present": proposal.present,
        "proposed": proposal.values,
        "rooms": [asdict(room) for room in proposal.rooms],
        "figures": [asdict(figure) for figure in proposal.figures],
        "k": proposal.k,
        "needed_minutes": proposal.needed_minutes,
    }


def _print(proposal: Proposal, out: Path, config: Path, *, written: bool) -> None:
    for room in proposal.rooms:
        said = f"{room.trials} trials, {room.seconds:.0f} s, {room.gain:+.1%} by those who chose"
        print(f"{room.room}: {said}")  # noqa: T201
    turned = [(name, proposal.present[name], value) for name, value in proposal.values.items()]
    if turned:
        print_table("Settings", ("setting", "present", "found"), turned)
    columns = ("of", "slot", "customers", "present", "found", "difference", "p")
    title = f"NDCG@{proposal.k}, by customers who chose nothing"
    print_table(title, columns, [_line(figure) for figure in proposal.figures])
    if written:
        print(f"{out}: read it, then: patch -p1 -d {config} < {out}")  # noqa: T201
    elif not proposal.trials:
        needed = proposal.needed_minutes
        print(f"nothing was tried; with --minutes {needed} every room is; no diff is written")  # noqa: T201
    else:
        print("nothing was found that is surely better; no diff is written")  # noqa: T201


def _line(figure: Figure) -> tuple[object, ...]:
    between = figure.comparison.difference
    return (
        TITLES[figure.part],
        figure.slot,
        figure.customers,
        figure.present.mean,
        figure.proposed.mean,
        f"{between.mean:+.4f} ({between.low:+.4f} to {between.high:+.4f})",
        figure.comparison.p_value,
    )
