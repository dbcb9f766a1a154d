"""What events of some types must say in their properties: what nothing else could mend later."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pydantic import JsonValue

from engine.customers.birthday import month_and_day

Said = Mapping[str, JsonValue]
Rule = Callable[[Said], str | None]
CONSENTS: Final = ("personal", "contact")
UNKNOWN_DAYS: Final = (None, "", "0000-00-00")  # the last is MySQL's
LONGEST_SHOWN: Final = 60  # characters of a value that is wrong


def problem_of_properties(kind: str, said: Said) -> str | None:
    """What is wrong with what an event of this type says, in words; None where nothing is."""
    rule = RULES.get(kind)
    problem = None if rule is None else rule(said)
    return None if problem is None else f"a {kind} {problem}"


def _link(said: Said) -> str | None:
    wrong = [name for name in ("kind", "alias") if not _is_text(said.get(name))]
    return f"needs properties.{wrong[0]}, a text" if wrong else None


def _consent(said: Said) -> str | None:
    """A refusal that nobody would look for must not be kept as if it were known (A6)."""
    if "contactable" in said:
        return "has properties.contactable, which is called contact here: true or false"
    if not any(name in said for name in CONSENTS):
        return "needs properties.personal or properties.contact, true or false"
    return _yes_or_no(said, CONSENTS)


def _profile(said: Said) -> str | None:
    """A profile may hold a consent too, under the name that customers' states have it by."""
    return _yes_or_no(said, [f"consent.{name}" for name in CONSENTS]) or _birthday(said)


def _birthday(said: Said) -> str | None:
    """A day that nobody can read would never be greeted, and nobody would look for why (A3)."""
    value = said.get("birthday")
    if value in UNKNOWN_DAYS or month_and_day(json.dumps(value)) is not None:
        return None
    return (
        f"has {_shown(value)} as properties.birthday; allowed: a date, the year first or left out, "
        "as 1990-02-28, 02-28, 1990/2/28, 1990年2月28日 or 19900228; null where it is not known"
    )


def _yes_or_no(said: Said, names: Iterable[str]) -> str | None:
    for name in names:
        if name in said and not isinstance(said[name], bool):
            return f"has {_shown(said[name])} as properties.{name}; allowed: true, false"
    return None


def _referral(said: Said) -> str | None:
    if "referrer_id" in said and "referred_id" in said:
        return (
            "has both properties.referrer_id and properties.referred_id; leave referred_id out: "
            "the customer who was brought names who brought them"
        )
    for name in ("referrer_id", "referred_id"):
        if name in said and not _is_text(said[name]):
            return f"has {_shown(said[name])} as properties.{name}; allowed: the id of a customer"
    return None


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _shown(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)[:LONGEST_SHOWN]


RULES: Final[Mapping[str, Rule]] = {
    "link": _link,
    "unlink": _link,
    "consent": _consent,
    "signup": _profile,
    "profile": _profile,
    "referral": _referral,
}
"""By the type of event; `engine.events` reads it."""
