"""/recommend: what fills a slot for one customer."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from engine.events import Id
from serving.routes.answers import slate
from serving.routes.carry import REFUSALS, json_answer, shop_of
from serving.schemas import RecommendOptions, RecommendRequest, RecommendResponse

router = APIRouter(tags=["recommend"])


@router.post("/recommend", response_model=RecommendResponse, responses=REFUSALS)
async def recommend(asked: Annotated[RecommendRequest, Body()], request: Request) -> Response:
    """A filled slate for a customer, a visitor, both, or nobody in particular."""
    return json_answer(await slate(shop_of(request), asked.customer_id, asked))


@router.get("/recommend/{customer_id:path}", response_model=RecommendResponse, responses=REFUSALS)
async def recommend_by_id(
    customer_id: Annotated[Id, Path()],
    options: Annotated[RecommendOptions, Query()],
    request: Request,
) -> Response:
    """The same for callers that cannot send a body; lists are given by repeating the name."""
    return json_answer(await slate(shop_of(request), customer_id, options))
