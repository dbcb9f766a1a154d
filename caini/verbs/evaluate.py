"""`caini evaluate`: every model, their blend and the path against baselines, on held-out events."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, Final

import numpy as np

from caini.instants import wall_clock
from caini.printed import print_json, print_table
from caini.progress import progress_lines
from engine.bundle import Bundle
from engine.columns import flatten
from engine.errors import UnknownName
from training.breakdown import Group, breakdown
from training.consent import opted_out, without_people
from training.evaluate import (
    PARTS,
    PERSONAL,
    Evaluation,
    Line,
    Plans,
    evaluate_on,
    every_source,
)
from training.held import held_out
from training.ranker import as_said, learn_rankers
from training.setting import ALS_SHARE
from training.shown import Worth, brings, shape, worth_of
from training.significance import Interval, bootstrap
from training.train import (
    Settings,
    in_currency_of,
    open_source,
    read_settings,
    require_past,
)
from training.tuning import Tuned, shop_as_told, tune

Shown = Mapping[str, Mapping[str, float]]  # part → what slates are like → how much
PRINTED: Final = ("recall", "ndcg")  # of the marks; --json tells all
TITLES: Final = {"everything": "All purchases", "new_items": "Not bought before"}
RESAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the verb beside the log."""

    split: str | None = None
    test: Path | None = None
    models: Sequence[str] | None = None
    segments: bool = False
    search: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to print."""

    evaluation: Evaluation
    tuned: Tuned
    fit_s: Mapping[str, float]  # step of training → seconds
    megabytes: Mapping[str, float]
    groups: Sequence[Group]
    shown: Mapping[str, Shown]  # by model
    ranker: Mapping[str, Any]  # of learn_rankers


def run(
    log: Path, wanted: Wanted, *, items: Path | None, config: Path, quiet: bool, as_json: bool
) -> None:
    settings = read_settings(config, search=wanted.search)
    with progress_lines("evaluate", shown=not quiet) as (say, _):
        told = judged(log, items, wanted, settings, say)
    if as_json:
        print_json(as_document(told))
    elif not quiet:
        _print(told)


def judged(
    log: Path,
    items: Path | None,
    wanted: Wanted,
    settings: Settings,
    say: Callable[[str], None],
) -> Told:
    source = open_source(log, items)
    require_past(source, wall_clock())
    test = None if wanted.test is None else open_source(wanted.test, None)
    held = held_out(source, settings.train, wanted.split, test)
    shop = in_currency_of(settings.shop, source.header)
    heard = held.past.of(without_people(held.past.log, opted_out(source.log)))
    tuned = tune(heard, shop, settings.train, None, say)
    shop = shop_as_told(shop, tuned.told)
    share = float(tuned.told["chosen"]["als_share"]) if tuned.told else ALS_SHARE
    plans = _chosen(every_source(settings.slots, settings.train, share), wanted.models)
    steps, bundles = Steps(say), list[Bundle]()
    learned = learn_rankers(heard, shop, settings.slots, tuned.train, steps.say)
    evaluation = evaluate_on(
        held, shop, tuned.train, plans, steps.say, bundles.append, learned=learned
    )
    steps.end()
    lines = {line.name: line for line in evaluation.lines}
    groups = []
    if wanted.segments and PERSONAL in lines:
        mine = lines[PERSONAL].marks[PARTS[0]]
        groups = breakdown(evaluation.truths[0].customers, mine, bundles[0], say)
    say("what is shown")
    worth = worth_of(bundles[0], held.past)
    shown = {line.name: _shown(line, evaluation, bundles[0], worth) for line in evaluation.lines}
    sizes = {name: megabytes(plan, bundles[0]) for name, plan in plans.items()}
    return Told(evaluation, tuned, steps.seconds, sizes, groups, shown, learned.told)


def _shown(line: Line, evaluation: Evaluation, bundle: Bundle, worth: Worth) -> Shown:
    """What each part's slates are like, and what their hits bring a customer."""
    return {
        part: shape(line.slates[part], bundle) | brings(line.slates[part], truth, worth)
        for part, truth in zip(PARTS, evaluation.truths, strict=True)
    }


class Steps:
    """Passes on what is said, and keeps how long each step took, of all its parts (in brackets)."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last, self._since = say, "", time.monotonic()
        self.seconds: dict[str, float] = {}

    def say(self, step: str) -> None:
        self.end()
        self._last = step.removeprefix("hold-out: ").split(" (", 1)[0]
        self._say(step)

    def end(self) -> None:
        """Of the step that was said last."""
        now = time.monotonic()
        if self._last:
            before = self.seconds.get(self._last, 0.0)
            self.seconds[self._last] = round(before + now - self._since, 2)
        self._last, self._since = "", now


def _chosen(plans: dict[str, Plans], names: Sequence[str] | None) -> dict[str, Plans]:
    """Raises UnknownName with the names that there are."""
    for name in names or ():
        if name not in plans:
            raise UnknownName("model", name, plans)
    return plans if names is None else {name: plans[name] for name in names}


HELD_BY: Final = {  # what of the bundle a source reads
    "similar": ("similar",),
    "als": ("factors",),
    "again": ("customer_items",),
    "session": ("sessions", "similar"),
    "popular_in_segment": ("popular_by_segment",),
}


def megabytes(plans: Plans, bundle: Bundle) -> float:
    """Of the arrays that the slot's sources read; an index is about as large as its factors."""
    names = {part for name in plans[0].base.sources for part in HELD_BY.get(name, ())}
    arrays = [flatten(name, getattr(bundle, name)) for name in sorted(names)]
    total = sum(array.nbytes for found in arrays for array in found.values())
    return round(total / 1e6, 1)


def as_document(told: Told) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    document = told.evaluation.as_json()
    intervals = {
        line.name: {
            part: {metric: asdict(found) for metric, found in _intervals(line, part, rng).items()}
            for part in PARTS
        }
        for line in told.evaluation.lines
    }
    return {
        **document,
        "intervals": intervals,
        "customers_a_second": {
            line.name: round(line.customers_a_second, 1) for line in told.evaluation.lines
        },
        "megabytes": dict(told.megabytes),
        "fit_s": dict(told.fit_s),
        "peak_mib": _peak_mib(),
        "search": told.tuned.told,
        "shown": told.shown,
        "ranker": dict(told.ranker),
        "groups": [asdict(group) for group in told.groups],
        "seconds": round(told.evaluation.seconds, 2),
    }


def _intervals(line: Line, part: str, rng: np.random.Generator) -> dict[str, Interval]:
    return {
        metric: bootstrap(values, rng, resamples=RESAMPLES)
        for metric, values in line.marks[part].items()
        if len(values)
    }


def _peak_mib() -> int:
    return getrusage(RUSAGE_SELF).ru_maxrss // 1024


def _print(told: Told) -> None:
    rng = np.random.default_rng(1)
    evaluation = told.evaluation
    sizes = (evaluation.customers, evaluation.customers_new)
    for part, customers in zip(PARTS, sizes, strict=True):
        metrics = _printed(evaluation.lines[0].marks[part])
        lines = [
            (line.name, *_cells(line, part, metrics, rng), _speed(line), told.megabytes[line.name])
            for line in evaluation.lines
        ]
        title = f"{TITLES[part]}, {evaluation.split}: {customers} customers, ± 95 %"
        print_table(title, ("model", *metrics, "cust/s", "MB"), lines)
    if told.groups:
        metrics = _printed(told.groups[0].marks)
        print_table(
            f"{PERSONAL}, {TITLES[PARTS[0]].lower()}",
            ("by", "group", "customers", *metrics),
            [(g.kind, g.name, g.customers, *(g.marks[m] for m in metrics)) for g in told.groups],
        )
    _print_shown(told.shown)
    if told.ranker:
        print(as_said(told.ranker))  # noqa: T201
    fitted = ", ".join(f"{step} {seconds:g} s" for step, seconds in told.fit_s.items())
    print(f"{fitted}; peak {_peak_mib()} MiB")  # noqa: T201


def _printed(marks: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in marks if name.split("@")[0] in PRINTED)


def _print_shown(shown: Mapping[str, Shown]) -> None:
    for part in PARTS:
        names = tuple(next(iter(shown.values()))[part])
        lines = [
            (model, *(f"{found[part][n]:.4g}" for n in names)) for model, found in shown.items()
        ]
        print_table(f"{TITLES[part]}: what is shown, a customer", ("model", *names), lines)


def _cells(
    line: Line, part: str, metrics: Sequence[str], rng: np.random.Generator
) -> tuple[str, ...]:
    found = _intervals(line, part, rng)
    return tuple(
        f"{found[m].mean:.4f} ± {(found[m].high - found[m].low) / 2:.4f}" if m in found else "-"
        for m in metrics
    )


def _speed(line: Line) -> int:
    return round(line.customers_a_second)
