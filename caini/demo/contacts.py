"""What is no interest in an item: sign-ups, profiles, referrals, messages."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from caini.demo.lines import lines
from caini.demo.visits import at_hour, present
from caini.demo.world import CITIES, LOCAL_MS, Customers, Rng, World, Year
from engine.events import EventType
from engine.types import DAY_MS, Rows

OWN: Final = 1 << 30  # where a block's own property texts begin; shared ones count from 0

# Guesses.
MESSAGES_A_YEAR: Final = 26
CLICK_SHARE: Final = 0.3  # of opened messages
IDLE_INVITATIONS: Final = 1.5  # invitations without success for each that succeeds


@dataclass(frozen=True, slots=True)
class Contacts:
    """Events, and the texts of their properties, which count from OWN."""

    parts: list[Year]
    texts: list[str]


def contacts(world: World, rng: Rng, *, messages: float) -> Contacts:
    """`messages` scales how many messages are opened."""
    people = world.people
    told: Rows = np.flatnonzero((people.member_at > 0) & people.tells).astype(np.int32)
    texts = [profile_text(people, int(row)) for row in told]
    referred: Rows = np.flatnonzero(people.referrer >= 0).astype(np.int32)
    texts += [f'{{"referrer_id": "{people.ids[row]}"}}' for row in people.referrer[referred]]
    parts = [
        *_joining(world, told, referred),
        _invitations(world, referred, rng),
        *_messages(world, rng, messages),
    ]
    return Contacts(parts, texts)


def _joining(world: World, told: Rows, referred: Rows) -> list[Year]:
    people = world.people
    members = np.flatnonzero(people.member_at > 0)
    return [
        lines(EventType.SIGNUP, people.member_at[members], customer=members),
        lines(
            EventType.PROFILE,
            people.member_at[told] + 60_000,
            customer=told,
            properties=OWN + np.arange(len(told)),
        ),
        lines(
            EventType.REFERRAL,
            people.arrived_at[referred],
            customer=referred,
            properties=OWN + len(told) + np.arange(len(referred)),
        ),
    ]


def profile_text(people: Customers, row: int) -> str:
    birthday = np.datetime64(int(people.born_on[row]), "D")
    text = f'"birthday": "{birthday}", "city": "{CITIES[people.city[row]]}"'
    if people.baby_born_at[row]:
        born = np.datetime64(int(people.baby_born_at[row]) + LOCAL_MS, "ms").astype("datetime64[D]")
        text += f', "baby_birth_month": "{str(born)[:7]}", "baby_birthday": "{born}"'
    return f"{{{text}}}"


def _invitations(world: World, referred: Rows, rng: Rng) -> Year:
    people = world.people
    count = 1 + rng.poisson(IDLE_INVITATIONS, len(referred))
    guest = np.repeat(referred, count)
    ahead = (rng.uniform(0.5, 10, len(guest)) * DAY_MS).astype(np.int64)
    return lines(
        EventType.INVITATION, people.arrived_at[guest] - ahead, customer=people.referrer[guest]
    )


def _messages(world: World, rng: Rng, scale: float) -> list[Year]:
    """Opened and clicked messages, at the hour and in the channel that the customer prefers."""
    config, people = world.config, world.people
    mean = scale * MESSAGES_A_YEAR * config.days / 365 * people.open_rate
    who = np.repeat(np.arange(len(people), dtype=np.int32), rng.poisson(mean))
    opened_at = at_hour(config, people, who, rng.uniform(0, config.days, len(who)), rng)
    here = present(config, people, who, opened_at)
    who, opened_at = who[here], opened_at[here]
    clicks = rng.random(len(who)) < CLICK_SHARE
    return [
        lines(EventType.MESSAGE_OPEN, opened_at, customer=who, channel=people.mail_channel[who]),
        lines(
            EventType.MESSAGE_CLICK,
            opened_at[clicks] + 15_000,
            customer=who[clicks],
            channel=people.mail_channel[who[clicks]],
        ),
    ]
