"""What every route needs: the shop of the request, and answers as bytes."""

from typing import Any, Final

import orjson
from fastapi import Request, Response

from serving.problems import MEDIA_TYPE
from serving.shop import Shop

PROBLEM_PLACE: Final = "#/components/schemas/Problem"
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_PLACE}}}}
    for status, text in {
        401: "Where keys are asked for: none was sent, or one that does not hold",
        403: "The key may not do this",
        404: "No such slot, item or category",
        413: "The body is over 1 MiB",
        415: "The body is not JSON",
        422: "A field is wrong; the problem names it",
        503: "The store does not answer, or the server leaves; try again",
    }.items()
}


def shop_of(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def json_answer(told: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")
