"""The API against its own description: whatever fits it is answered, whatever does not is refused.

A live server in its own process, so that a hang or a crash would show as such.
"""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.servers import Server, publish_tea, serving

CASES_EACH = 40  # a call; bench/fuzz runs many more

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("contract")
    publish_tea(folder / "bundles")
    with serving(folder / "bundles", folder / "data") as server:
        yield server


@pytest.fixture(scope="module")
def described(server: Server) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


CALLS = [
    "POST /recommend",
    "GET /recommend/{customer_id}",
    "GET /similar/{item_id}",
    "GET /bought-together/{item_id}",
    "GET /popular",
    "PUT /items",
    "GET /customers/{customer_id}",
    "DELETE /customers/{customer_id}",
    "POST /customers/link",
    "POST /customers/unlink",
    "POST /events",
    "GET /",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
]

NEVER_WRONG = {
    "GET /customers/{customer_id}",
    "DELETE /customers/{customer_id}",
    "GET /",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
}
"""Calls that have nothing to get wrong."""


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, GenerationMode.POSITIVE) for name in CALLS]
    + [(name, GenerationMode.NEGATIVE) for name in CALLS if name not in NEVER_WRONG],
)
def test_a_call_keeps_to_its_description(
    described: schemathesis.BaseSchema, server: Server, name: str, mode: GenerationMode
) -> None:
    method, path = name.split()

    @settings(
        max_examples=CASES_EACH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=server.url, checks=CHECKS, timeout=10)

    holds()
    assert server.logged("fault") is None


def test_every_call_that_is_described_is_tried(described: schemathesis.BaseSchema) -> None:
    labels = {operation.ok().label for operation in described.get_all_operations()}
    assert labels == set(CALLS)
