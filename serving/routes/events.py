"""/events: the behaviour log's way in."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from engine.errors import StoreError
from serving.intake import take_in
from serving.problems import store_away
from serving.routes.carry import REFUSALS, json_answer, shop_of
from serving.schemas import EventBatch, EventReceipt
from serving.shop import Shop

router = APIRouter(tags=["events"])


@router.post("/events", status_code=202, response_model=EventReceipt, responses=REFUSALS)
async def post_events(batch: Annotated[EventBatch, Body()], request: Request) -> Response:
    """Accepted events are durable when this answers, and count in the very next request.

    Sending an event again is harmless: its `event_id` says that it is the same.
    """
    return json_answer(await receipt(shop_of(request), batch), 202)


async def receipt(shop: Shop, batch: EventBatch) -> dict[str, Any]:
    try:
        outcomes = await take_in(shop, batch.events)
    except StoreError as error:
        shop.metrics.events.labels("refused").inc(len(batch.events))
        raise store_away(f"{error}. Send the same events again.") from error
    counts = Counter(outcome.status for outcome in outcomes)
    return {
        "durable": shop.store.durable,
        "accepted": counts["accepted"],
        "duplicates": counts["duplicate"],
        "invalid": counts["invalid"],
        "results": [
            {"index": index, "event_id": one.event_id, "status": one.status, "errors": one.errors}
            if one.errors
            else {"index": index, "event_id": one.event_id, "status": one.status}
            for index, one in enumerate(outcomes)
        ],
    }
