"""/customers: where a customer stands now, the newest events included."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from engine.events import Id
from engine.query import Asked
from serving.routes.answers import standing
from serving.routes.carry import REFUSALS, json_answer, shop_of
from serving.schemas import CustomerResponse
from serving.shop import see

router = APIRouter(tags=["customers"])


@router.get("/customers/{customer_id:path}", response_model=CustomerResponse, responses=REFUSALS)
async def customer(customer_id: Annotated[Id, Path()], request: Request) -> Response:
    """An unknown customer is a customer with no history, not an error."""
    seen = await see(shop_of(request), Asked(n=1, customer_id=customer_id))
    return json_answer(standing(customer_id, seen))
