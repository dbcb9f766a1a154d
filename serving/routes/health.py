"""Is it alive, may it have traffic, and what has it counted."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from engine.instants import instant
from serving.problems import LEAVING, Refusal
from serving.routes.carry import REFUSALS, json_answer, shop_of
from serving.schemas import Front, Live, Ready

router = APIRouter(tags=["health"])


@router.get("/", response_model=Front)
async def front(request: Request) -> Response:
    """What answers here, and where to read on."""
    told = {
        "service": "caini",
        "bundle_version": shop_of(request).bundles.live.bundle.version,
        "docs": "/docs",
        "openapi": "/openapi.json",
        "ready": "/health/ready",
    }
    return json_answer(told)


@router.get("/health/live", response_model=Live)
@router.head("/health/live", include_in_schema=False)
async def live() -> Response:
    """200 while the process answers at all; asks nothing of anybody."""
    return json_answer({"live": True})


@router.get("/health/ready", response_model=Ready, responses=REFUSALS)
@router.head("/health/ready", include_in_schema=False)
async def ready(request: Request) -> Response:
    """200 when a verified and warmed bundle serves; a store that is down is told, not fatal.

    503 from the moment that the server is told to go: it answers for a little longer.
    """
    shop = shop_of(request)
    if shop.drain.leaving:
        raise Refusal(LEAVING)
    taken = shop.bundles.live
    keys = ("keys",) if shop.keys.stale else ()
    degraded = [*taken.degraded, *(() if shop.store.up else ("store",)), *keys]
    told: dict[str, Any] = {
        "ready": True,
        "bundle_version": taken.bundle.version,
        "watermark": instant(taken.bundle.manifest.watermark) or "",
        "store": "up" if shop.store.up else "down",
        "durable": shop.store.durable,
        "degraded": degraded,
    }
    return json_answer(told)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Prometheus' text format, over all workers."""
    page = await asyncio.to_thread(shop_of(request).metrics.page)  # reads files of every worker
    return Response(page, media_type=CONTENT_TYPE_LATEST)
