"""What happens in a loaded shop of its own, beside another one in the same store."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

from serving.app import alive, build_shop
from serving.shop import Shop
from tests.worlds import NOW

_NUMBERS = itertools.count()


def live_through(
    story: Callable[[Shop], Awaitable[None]], beside: Shop, **settings: object
) -> None:
    changes = {"shop": f"story{next(_NUMBERS)}-{os.getpid()}", **settings}
    shop = replace(build_shop(beside.settings.model_copy(update=changes)), now=lambda: NOW)
    shop.bundles.load_first()

    async def lived() -> None:
        async with alive(shop):
            await story(shop)

    asyncio.run(lived())
