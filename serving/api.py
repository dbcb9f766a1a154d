"""The documented API: routes, errors in one shape, the OpenAPI description."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from engine.events import SENDABLE, Event
from serving.auth import PUBLIC
from serving.problems import (
    FIELD,
    INTERNAL,
    MEDIA_TYPE,
    PARAMETER,
    REQUEST_ID_KEY,
    Problem,
    Refusal,
    headers_of,
    invalid,
    refusal,
    to_bytes,
)
from serving.routes import customers, events, health, items, recommend
from serving.shop import Shop

VERSION: Final = "0.1.0"
SCHEMAS: Final = "#/components/schemas/{model}"


def build_api(
    shop: Shop, lifespan: Callable[[Shop], contextlib.AbstractAsyncContextManager[None]]
) -> FastAPI:
    @contextlib.asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(shop):
            yield

    api = FastAPIOffline(
        title="Caini 猜你喜欢",
        version=VERSION,
        summary="Recommendations that know who is asking.",
        lifespan=living,
        redoc_url=None,
        static_url="/docs/files",  # the page loads nothing from elsewhere
    )
    api.state.shop = shop
    for module in (recommend, items, customers, events, health):
        api.include_router(module.router)
    api.add_exception_handler(HTTPException, _refused)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _broken)
    api.openapi = lambda: _described(api)  # type: ignore[method-assign]
    return api


def _described(api: FastAPI) -> dict[str, Any]:
    """FastAPI's description with what it cannot see: events are checked one by one, and problems
    are not its own errors."""
    if api.openapi_schema is None:
        told = get_openapi(
            title=api.title, version=api.version, summary=api.summary, routes=api.routes
        )
        for model in (Event, Problem):
            schema = model.model_json_schema(ref_template=SCHEMAS)
            told["components"]["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}
        told["components"]["schemas"]["EventType"]["enum"] = list(SENDABLE)
        told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{}, {"key": []}]  # keys are asked for where the server has any
        for path in PUBLIC & told["paths"].keys():
            told["paths"][path]["get"]["security"] = []
        api.openapi_schema = told
    return api.openapi_schema


async def _refused(request: Request, error: Exception) -> Response:
    """Refusals, and what FastAPI refuses by itself: no such path, no such method."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Refusal):
        return _answer(request, error)
    if error.status_code == 400:  # FastAPI could not even decode the body
        return _answer(request, invalid([{"loc": (), "msg": "is not JSON in UTF-8"}]))
    kind = f"http-{error.status_code}"
    answer = _answer(request, refusal(error.status_code, kind, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    """The first part of each place is FastAPI's ("body", "query", "path"), not the caller's."""
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    told = [{**fault, "loc": fault["loc"][1:]} for fault in faults]
    in_query = any(fault["loc"][0] == "query" for fault in faults)
    model = _model_of(request, in_query=in_query)
    return _answer(request, invalid(told, model, PARAMETER if in_query else FIELD))


def _model_of(request: Request, *, in_query: bool) -> type[BaseModel] | None:
    """What the query, or the body, of this call was to be; None for one that has no such."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return None
    told = route.dependant.query_params if in_query else route.dependant.body_params
    kinds = (each.field_info.annotation for each in told)
    found = (each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel))
    return next(found, None)


async def _broken(request: Request, error: Exception) -> Response:
    """The edge logs it; this only gives it our shape."""
    del error
    return _answer(request, Refusal(INTERNAL))


def _answer(request: Request, error: Refusal) -> Response:
    body = to_bytes(error.problem, request.scope.get(REQUEST_ID_KEY, ""))
    headers = {name.decode(): value.decode() for name, value in headers_of(error)}
    return Response(body, error.problem.status, headers, MEDIA_TYPE)
