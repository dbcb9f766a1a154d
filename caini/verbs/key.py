"""`caini key`: a new key, and the lines that let the server know it."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from caini.printed import print_json
from engine.errors import ConfigError
from engine.faults import faults
from serving.auth import Key, new_key


def run(
    name: str,
    scopes: Sequence[str],
    *,
    sections: Sequence[str],
    days: int | None,
    as_json: bool,
) -> None:
    """The lines go to standard output, to be appended to the file; the key is shown beside them.

    Without `sections` it may see all of a customer. Raises ConfigError for a name, a scope or a
    section that cannot be.
    """
    told, digest = new_key()
    ends = None if days is None else datetime.now(UTC).replace(microsecond=0) + timedelta(days)
    asked = {"name": name, "sha256": digest, "scopes": scopes, "expires_at": ends}
    asked |= {"sections": sections} if sections else {}
    try:
        key = Key.model_validate(asked)
    except ValidationError as error:
        raise ConfigError("\n".join(faults(error, "key", Key))) from error
    if as_json:
        told_of = {"scopes": sorted(key.scopes), "sections": key.sections and sorted(key.sections)}
        print_json({"key": told, **key.model_dump(mode="json"), **told_of})
        return
    print(as_lines(key), end="")  # noqa: T201
    print(f"the key, shown this once: {told}", file=sys.stderr)  # noqa: T201


def as_lines(key: Key) -> str:
    """What goes into the file that CAINI_KEYS names."""
    lists = {"scopes": key.scopes, "sections": key.sections or ()}
    lines = [f"{name} = {json.dumps(sorted(held))}\n" for name, held in lists.items() if held]
    ends = "" if key.expires_at is None else f"expires_at = {key.expires_at.isoformat()}\n"
    return f'[[keys]]\nname = "{key.name}"\nsha256 = "{key.sha256}"\n{"".join(lines)}{ends}'
