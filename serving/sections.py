"""A customer's state on the wire, and by the kinds of data that a reader may see (R3)."""

from collections.abc import Collection
from typing import Any, Final

from engine.customers.section_config import SECTIONS
from engine.customers.sections import sectioned
from engine.customers.state import CustomerState
from engine.instants import instant
from serving.bundles import major
from serving.shop import Seen

MINOR: Final = "_minor"
AT: Final = "_at"


def on_wire(name: str, value: Any, digits: int) -> tuple[str, Any]:
    """A field of a state by its name on the wire: instants in ISO 8601, money in the currency."""
    if name.endswith(AT):
        return name, instant(value)
    if name.endswith(MINOR):
        return name.removesuffix(MINOR), None if value is None else major(value, digits)
    return name, value


def state_on_wire(state: CustomerState, digits: int) -> dict[str, Any]:
    """All fields of a state as the wire has them."""
    return dict(on_wire(name, value, digits) for name, value in state._asdict().items())


def sections_of(
    seen: Seen, asked: Collection[str] | None, allowed: Collection[str] | None
) -> dict[str, dict[str, Any]]:
    """Those that were `asked` for of those that the key is `allowed`; None = all."""
    shop = seen.bundle.shop
    names = [
        name
        for name in SECTIONS
        if (asked is None or name in asked) and (allowed is None or name in allowed)
    ]
    return {
        section: dict(on_wire(name, value, shop.shop.minor_units) for name, value in held.items())
        for section, held in sectioned(seen.query.customer, shop.profile, names).items()
    }
