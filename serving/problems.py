"""Errors on the wire: RFC 9457 problem documents that name the field, and never a trace."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from engine.faults import place_of, problem_of

MEDIA_TYPE: Final = "application/problem+json"
REQUEST_ID_KEY: Final = "caini.request_id"  # in the ASGI scope
MOST_TOLD: Final = 50  # errors of one request
FIELD: Final = "field"  # what a body has
PARAMETER: Final = "parameter"  # what a query has


class FieldProblem(BaseModel):
    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where: a path of names and positions, like events.3.item_id")
    problem: str


class Problem(BaseModel):
    """What went wrong. `type` names the kind of problem and never changes."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:caini:unknown-slot"])
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldProblem] | None = None
    known: list[str] | None = Field(
        None, description="The names that there are; the nearest of many"
    )
    request_id: str | None = None


class Refusal(HTTPException):
    """Carries a problem to whoever answers: the edge, or FastAPI's handler for its base."""

    def __init__(self, problem: Problem, retry_after_s: int | None = None) -> None:
        super().__init__(problem.status, problem.title)
        self.problem = problem
        self.retry_after_s = retry_after_s


def refusal(status: int, kind: str, title: str, detail: str | None = None) -> Refusal:
    return Refusal(Problem(type=f"urn:caini:{kind}", title=title, status=status, detail=detail))


def unknown(kind: str, name: str, known: Sequence[str] | None = None, more: str = "") -> Refusal:
    """404. `known` lists what there is, where that is a short list and no secret."""
    return Refusal(
        Problem(
            type=f"urn:caini:unknown-{kind}",
            title=f"No such {kind}",
            status=404,
            detail=f"There is no {kind} {name!r}. {more}".rstrip(),
            known=None if known is None else list(known),
        )
    )


def invalid(
    errors: Iterable[Mapping[str, Any]],
    model: type[BaseModel] | None = None,
    what: str = FIELD,
) -> Refusal:
    """422 from pydantic's errors of a model, whose fields are called `what`."""
    told = [
        FieldProblem(field=field_of(place_of(e)), problem=problem_of(e, model, what))
        for e in islice(errors, MOST_TOLD)
    ]
    return Refusal(
        Problem(
            type="urn:caini:invalid-request",
            title="The request is not valid",
            status=422,
            detail="; ".join(f"{one.field}: {one.problem}" for one in told[:5]),
            errors=told,
        )
    )


def store_away(detail: str) -> Refusal:
    problem = Problem(
        type="urn:caini:store-unavailable",
        title="The store does not answer; nothing was lost that was acknowledged",
        status=503,
        detail=detail,
    )
    return Refusal(problem, retry_after_s=1)


LEAVING: Final = Problem(
    type="urn:caini:leaving",
    title="This server was told to go; send what comes next to another one",
    status=503,
)


def field_of(place: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in place) or "body"


def to_bytes(problem: Problem, request_id: str) -> bytes:
    told = problem.model_dump(exclude_none=True)
    return orjson.dumps(told | {"request_id": request_id})


def headers_of(error: Refusal) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    if error.retry_after_s is not None:
        headers.append((b"retry-after", str(error.retry_after_s).encode()))
    if error.problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.problem.status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return headers


INTERNAL: Final = Problem(
    type="urn:caini:internal",
    title="The server failed to answer; the fault is logged under the request id",
    status=500,
)
