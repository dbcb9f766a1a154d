"""A line for each change of who is who: what was done, by which key, to whom. Ids are hashed."""

from collections.abc import Iterable
from typing import Literal

from starlette.types import Scope

from engine.customers.tombstones import tombstone
from serving.auth import CALLER
from serving.logs import unfiltered
from serving.problems import REQUEST_ID_KEY

Change = Literal["link", "unlink", "erase"]


def audit(scope: Scope, what: Change, customers: Iterable[str], **more: int | str) -> None:
    """`customers` are hashes, see `hashes`; `by` is null where no keys are asked for."""
    unfiltered().info(
        "audit",
        what=what,
        by=scope.get(CALLER),
        customers=list(customers),
        request_id=scope[REQUEST_ID_KEY],
        **more,
    )


def hashes(salt: str, nodes: Iterable[str]) -> list[str]:
    """As the receipts of erasures name them: who has the salt can find an id that they know."""
    return [tombstone(salt, node) for node in nodes]
