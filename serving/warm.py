"""Answers that nobody asked for, so that the first caller does not wait for cold pages."""

from engine.bundle import Bundle
from engine.query import Asked, enrich
from engine.recommend import recommend
from engine.slots import Slots
from engine.types import NO_ROWS


def warm_up(bundle: Bundle, slots: Slots, requests: int) -> None:
    """`requests` known customers, spread over the bundle, and nobody, at every slot in turn.

    Whatever is raised means that the bundle cannot serve.
    """
    people = _spread(len(bundle.customers), requests)
    plans = list(slots.values())
    for number, row in enumerate([-1] * len(plans) + people):
        plan = plans[number % len(plans)]
        customer_id = bundle.customers.id(row) if row >= 0 else None
        asked = Asked(plan.base.size, customer_id)
        recommend(enrich(asked, bundle, bundle.manifest.watermark), plan, bundle)
    bundle.item_stages.suit(NO_ROWS, ())  # reads titles, and may have met nobody in a stage


def _spread(rows: int, wanted: int) -> list[int]:
    taken = min(rows, wanted)
    return [number * rows // taken for number in range(taken)]
