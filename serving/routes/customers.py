"""/customers: where a customer stands now, which ids are theirs, and how all of it goes away."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request, Response

from engine.customers.identity import customer_node
from engine.errors import StoreError
from engine.events import Id
from engine.query import Asked
from serving.audit import audit, hashes
from serving.auth import SECTIONS_KEY
from serving.customer_schemas import (
    CustomerOptions,
    CustomerResponse,
    ErasureReceipt,
    LinkRequest,
    LinkResponse,
    SectionsResponse,
)
from serving.identity import erase_person, relate
from serving.problems import MEDIA_TYPE, store_away
from serving.profile import in_ring, profile_of
from serving.routes.answers import standing
from serving.routes.carry import PROBLEM_PLACE, REFUSALS, json_answer, shop_of
from serving.sections import sections_of
from serving.shop import see
from serving.store.people import salt_of

router = APIRouter(tags=["customers"])
CONFLICT: Final[dict[int | str, dict[str, Any]]] = {
    409: {
        "description": "It contradicts what is linked; the problem names it",
        "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_PLACE}}},
    }
}


@router.post("/customers/link", response_model=LinkResponse, responses=REFUSALS | CONFLICT)
async def link(asked: Annotated[LinkRequest, Body()], request: Request) -> Response:
    """From the next request on, all that was done under these ids is one person's.

    Nothing is merged where it lies: unlinking gives each id its own back. Again is harmless.
    """
    return await _related(asked, request, link=True)


@router.post("/customers/unlink", response_model=LinkResponse, responses=REFUSALS | CONFLICT)
async def unlink(asked: Annotated[LinkRequest, Body()], request: Request) -> Response:
    """From the next request on, each id has what is its own again."""
    return await _related(asked, request, link=False)


async def _related(asked: LinkRequest, request: Request, *, link: bool) -> Response:
    shop = shop_of(request)
    nodes = [customer_node(asked.customer_id), *(a.node for a in asked.named())]
    try:
        hashed = hashes(await salt_of(shop.store), nodes)
        told = await relate(shop, asked, link=link)
    except StoreError as error:
        raise store_away(f"{error}. Ask for the same again.") from error
    audit(request.scope, "link" if link else "unlink", hashed, changed=told["changed"])
    return json_answer(told)


@router.delete("/customers/{customer_id:path}", response_model=ErasureReceipt, responses=REFUSALS)
async def erase(customer_id: Annotated[Id, Path()], request: Request) -> Response:
    """The customer, with all linked ids, is a stranger from the next request on.

    What events they make later begins a new history. The receipt says what a job still removes.
    """
    try:
        receipt = await erase_person(shop_of(request), customer_id)
    except StoreError as error:
        raise store_away(f"{error}. Ask for the same again.") from error
    audit(request.scope, "erase", receipt["customers"], erasure=receipt["erasure"])
    return json_answer(receipt)


@router.get(
    "/customers/{customer_id:path}",
    response_model=CustomerResponse | SectionsResponse,
    responses=REFUSALS,
)
async def customer(
    customer_id: Annotated[Id, Path()],
    options: Annotated[CustomerOptions, Query()],
    request: Request,
) -> Response:
    """An unknown customer is a customer with no history, not an error.

    A key that names sections is shown these alone, whatever it asks for. Without keys, and with one
    that names none, `sections` is a choice of the reader and withholds nothing from who leaves it
    out.
    """
    shop = shop_of(request)
    seen = await see(shop, Asked(n=1, customer_id=customer_id))
    allowed, sections = request.scope.get(SECTIONS_KEY), options.sections
    if sections is not None or allowed is not None:
        told = {
            "customer_id": customer_id,
            "sections": sections_of(seen, sections, allowed),
            "bundle_version": seen.bundle.version,
            "degraded": seen.query.degraded,
        }
        return json_answer(told)
    ring = await in_ring(shop, customer_id, seen)
    return json_answer(standing(customer_id, seen) | profile_of(customer_id, seen, ring=ring))
