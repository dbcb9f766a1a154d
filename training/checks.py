"""Is today's log fit to train on? A feed that broke must not become a bundle.

Each check compares one number with its limits in `[checks]` of train.toml.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from engine.bundle import Manifest
from engine.config import Config
from engine.types import DAY_MS
from training.findings import Finding, Limits, Severity
from training.log_facts import LogFacts


class CheckConfig(Config):
    """Shares are of 1. Where no source is named, a default is a guess made to be changed."""

    fewest_events: int = Field(default=100, ge=1)
    age_days: Limits = Limits(warning=2, error=30)  # since the last event
    weekly_drop: Limits = Limits(warning=0.5, error=0.9)  # of the last week, against four before
    weekly_growth: Limits = Limits(warning=4.0)  # times as many more
    unknown_items: Limits = Limits(warning=0.05, error=0.5)
    rejects: Limits = Limits(warning=0.01, error=0.05)  # the import's own limit
    busiest_customer: Limits = Limits(warning=0.2, error=0.9)  # share of one customer: a bot?
    alike_ids: Limits = Limits(warning=0.01)  # share of the items
    shrinkage: Limits = Limits(warning=0.0, error=0.1)  # of events or customers since the last
    drift: Limits = Limits(warning=0.2)  # of the mix of event types, total variation


def check_log(
    facts: LogFacts,
    config: CheckConfig,
    *,
    now: int,
    rejects: float = 0.0,
    last: Manifest | None = None,
    last_kinds: Mapping[str, float] | None = None,
    timeless: bool = False,
) -> list[Finding]:
    """Every check, also those that are well. `last` is the live bundle's manifest."""
    if not facts.events:
        return [Finding("volume", Severity.ERROR, "the log holds no events", 0)]
    found = [*_volume(facts, config), *_content(facts, config, rejects)]
    if not timeless:
        found += _time(facts, config, now)
    if last is not None:
        found += _against(facts, config, last)
    if last_kinds is not None:
        distance = _variation(facts.kinds, last_kinds)
        said = f"{distance:.0%} of the events are of other types than in the last run"
        found.append(_graded("drift", config.drift, distance, said))
    return found


def rejected_share(log: Path, events: int) -> float:
    """By the quarantine that the import left beside the log."""
    path = log.with_suffix(".rejects.jsonl")
    if not path.is_file():
        return 0.0
    with path.open("rb") as file:
        rejects = sum(1 for _ in file)
    return rejects / max(rejects + events, 1)


def _graded(check: str, limits: Limits, value: float, said: str) -> Finding:
    return Finding(check, limits.grade(value), said, round(value, 6))


def _volume(facts: LogFacts, config: CheckConfig) -> Iterator[Finding]:
    enough = facts.events >= config.fewest_events
    said = f"{facts.events} events; {config.fewest_events} are needed"
    yield Finding("volume", Severity.OK if enough else Severity.ERROR, said, facts.events)
    for name, number in (("customers", facts.customers), ("items", facts.items)):
        severity = Severity.WARNING if number < 2 else Severity.OK
        yield Finding(name, severity, f"{number} {name}", number)
    bought = Severity.OK if facts.purchases else Severity.WARNING
    said = f"{facts.purchases} purchases" + ("" if facts.purchases else "; nothing can be measured")
    yield Finding("purchases", bought, said, facts.purchases)


def _content(facts: LogFacts, config: CheckConfig, rejects: float) -> Iterator[Finding]:
    yield _catalogue(facts.unknown_items, config.unknown_items)
    said = f"the import rejected {rejects:.1%} of the rows"
    yield _graded("rejects", config.rejects, rejects, said)
    said = f"one customer made {facts.busiest_customer:.0%} of the events"
    yield _graded("busiest_customer", config.busiest_customer, facts.busiest_customer, said)
    said = f"{facts.alike_ids} items have ids that differ in case or outer spaces only"
    yield _graded("alike_ids", config.alike_ids, facts.alike_ids / max(facts.items, 1), said)


def _catalogue(unknown: float | None, limits: Limits) -> Finding:
    if unknown is None:
        said = "there is no catalogue: no item has a title, a price or a category"
        return Finding("unknown_items", Severity.WARNING, said)
    said = f"{unknown:.1%} of the events name items that the catalogue lacks"
    return _graded("unknown_items", limits, unknown, said)


def _time(facts: LogFacts, config: CheckConfig, now: int) -> Iterator[Finding]:
    future = Severity.ERROR if facts.future else Severity.OK
    said = f"{facts.future} events lie in the future; ages are counted from the last event"
    yield Finding("future", future, said, facts.future)
    age = (now - facts.last_at) / DAY_MS
    yield _graded("freshness", config.age_days, age, _aged(age, config.age_days))
    single = Severity.WARNING if facts.days == 1 else Severity.OK
    yield Finding("days", single, f"events on {facts.days} days", facts.days)
    if facts.week_before:
        change = facts.last_week / facts.week_before - 1
        said = f"{facts.last_week} events in the last week, {facts.week_before:.0f} in those before"
        yield _graded("weekly_drop", config.weekly_drop, -change, said)
        yield _graded("weekly_growth", config.weekly_growth, change, said)


def _aged(age: float, limits: Limits) -> str:
    said = f"the last event is {max(age, 0):.1f} days old"
    if limits.grade(age) is not Severity.ERROR:
        return said
    return (
        f"{said}, more than {limits.error:g}; for a log of the past raise `error` of age_days, in "
        "[checks] of train.toml, or leave it out"
    )


def _against(facts: LogFacts, config: CheckConfig, last: Manifest) -> Iterator[Finding]:
    for name, number in (("events", facts.events), ("customers", facts.customers)):
        before = last.counts.get(name, 0)
        lost = 1 - number / before if before else 0.0
        said = f"{number} {name}; the live bundle was trained on {before}"
        yield _graded(f"fewer_{name}", config.shrinkage, lost, said)
    older = facts.last_at < last.watermark
    said = "the last event is older than the live bundle's" if older else "not older than the last"
    yield Finding("watermark", Severity.ERROR if older else Severity.OK, said)


def _variation(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    kinds = set(now) | set(before)
    return sum(abs(now.get(kind, 0.0) - before.get(kind, 0.0)) for kind in kinds) / 2
