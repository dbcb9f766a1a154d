"""Messages that a shop sends by itself, a line for each: at most one for a cause (A3)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from engine.conditions import Condition
from engine.customers.contact import Answers
from engine.customers.fields import Facts
from engine.customers.outreach import Cause, OutreachConfig, under_cap
from engine.customers.triggers import TriggerConfig
from engine.types import DAY_MS, Mask
from training.causes import FIND, Day, Happening, Occasion
from training.choosing import OPEN
from training.customer_segments import mask
from training.naming import Naming
from training.reach import everybodys_answers, preferences
from training.sent import NOTHING, Ledger, Message

BLOCK: Final = 5_000  # happenings at a time: bounds memory; guess
NAME: Final = "triggers"  # of their lists in the ledger


@dataclass(frozen=True, slots=True)
class Rules:
    """The triggers, in the order in which they take a customer's turn, and when each may."""

    triggers: Sequence[TriggerConfig]
    conditions: Sequence[Condition[Facts] | None]
    outreach: OutreachConfig
    channel: str | None = None  # each customer's best when None


@dataclass(slots=True)
class Tally:
    """Messages by trigger, and those that wait because the customer had enough for now."""

    written: dict[str, int] = field(default_factory=dict)
    capped: int = 0


def write_triggers(day: Day, rules: Rules, ledger: Ledger, out: Path) -> Tally:
    """A file of JSON Lines, whole and in the ledger, or neither; see `training.sent`."""
    tally = Tally()
    with ledger.sending(NAME, out, day.now) as sending:
        with sending.part.open("w", encoding="utf-8") as file:
            for lines, messages, causes in _batches(day, rules, ledger, tally):
                _print(lines, file)
                sending.add(messages, causes)
        sending.done()
    return tally


def try_triggers(day: Day, rules: Rules, ledger: Ledger, file: TextIO) -> Tally:
    """The same lines, and nothing is remembered."""
    tally = Tally()
    for lines, _, _ in _batches(day, rules, ledger, tally):
        _print(lines, file)
    return tally


def _print(lines: Sequence[Mapping[str, Any]], file: TextIO) -> None:
    file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


Batch = tuple[list[dict[str, Any]], list[Message], list[Cause]]


def _batches(day: Day, rules: Rules, ledger: Ledger, tally: Tally) -> Iterator[Batch]:
    open_to = day.states[OPEN].to_numpy()
    day = replace(day, met=ledger.sightings)
    maker = _Maker(day, rules, ledger, tally, everybodys_answers(day.bundle, rules.channel), {})
    for trigger, condition in zip(rules.triggers, rules.conditions, strict=True):
        found = FIND[trigger.on](day, trigger, open_to & _meant(condition, day))
        while block := list(islice(found, BLOCK)):
            yield maker.batch(trigger, block)


def _meant(condition: Condition[Facts] | None, day: Day) -> Mask:
    if condition is None:
        return np.ones(day.states.height, np.bool_)
    held: Mask = day.states.select(mask(condition).alias("held"))["held"].to_numpy()
    return held


@dataclass(frozen=True, slots=True)
class _Maker:
    day: Day
    rules: Rules
    ledger: Ledger
    tally: Tally
    everybody: Answers
    today: dict[int, int]  # customer → messages of this run

    def batch(self, trigger: TriggerConfig, block: Sequence[Happening]) -> Batch:
        fresh = self.fresh(trigger, block)
        bundle, now, config = self.day.bundle, self.day.now, self.rules.outreach
        ids = bundle.customers.ids([each.row for each, _ in fresh])
        past = self.ledger.past(ids, now - config.days * DAY_MS, now)
        rows = np.array([each.row for each, _ in fresh], np.int32)
        where = preferences(rows, bundle, self.rules.channel, self.everybody, now)
        batch: Batch = ([], [], [])
        for (each, causes), who, place in zip(fresh, ids, where, strict=True):
            earlier = past.get(who, NOTHING).at + (now,) * self.today.get(each.row, 0)
            if not under_cap(earlier, config, now):
                self.tally.capped += 1
                continue
            self.today[each.row] = self.today.get(each.row, 0) + 1
            self.tally.written[trigger.name] = self.tally.written.get(trigger.name, 0) + 1
            about = [told.item for told in each.occasions if told.item >= 0]
            items = bundle.items.ids(about)
            titles = [bundle.title_of(row) for row in about]
            batch[0].append(
                {
                    "id": "/".join((trigger.name, who, *(c.occasion for c in causes))),
                    "trigger": trigger.name,
                    "label": trigger.label.model_dump(),
                    "action": trigger.action,
                    "customer_id": who,
                    "channel": place and place.channel,
                    "hour": place and place.hour,
                    "occasions": [told.when for told in each.occasions],
                    "items": items,
                    "titles": titles,
                    **each.detail,
                }
            )
            batch[1].append(Message(who, items))
            batch[2].extend(causes)
        return batch

    def fresh(
        self, trigger: TriggerConfig, block: Sequence[Happening]
    ) -> list[tuple[Happening, list[Cause]]]:
        """Without the occasions that were told before, and those of items that a slot would hide
        from the customer: these are told later, where their time has not passed by then."""
        found, naming = [], Naming.of(trigger, self.day)
        for each in block:
            who = self.day.bundle.customers.id(each.row)
            causes = {told: Cause(trigger.name, who, told.key) for told in each.occasions}
            new = set(self.ledger.new_causes(causes.values()))
            kept = {told: cause for told, cause in causes.items() if cause in new}
            kept = shown(each.row, kept, naming)
            if kept:
                happening = replace(each, occasions=tuple(kept))
                found.append((happening, list(kept.values())))
        return found


def shown(customer: int, told: dict[Occasion, Cause], naming: Naming) -> dict[Occasion, Cause]:
    """Also those about no item."""
    about = [each for each in told if each.item >= 0]
    if not about:
        return told
    free = naming.may_name([each.item for each in about], customer).tolist()
    hidden = {each for each, may in zip(about, free, strict=True) if not may}
    return {each: cause for each, cause in told.items() if each not in hidden}
