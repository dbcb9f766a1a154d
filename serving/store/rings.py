"""What the store says of rings of referrals (F1)."""

from collections.abc import Mapping, Sequence

from engine.customers.referral_graph import LONGEST_CHAIN, Edge
from serving.store import referral
from serving.store.scripts import CLOSES_RING
from serving.store.store import Store


async def closes_ring(store: Store, names: Sequence[str], known: Mapping[str, Edge]) -> bool:
    """Whether the referral of one of these is the latest of a ring; `known` is what the bundle
    knows of them and of those above. Raises StoreError.
    """
    keys = store.keys
    (found,) = await store.run(
        CLOSES_RING,
        [
            (
                *("3", keys.referrers, keys.erased, keys.erased_salt),
                referral.known(known),
                LONGEST_CHAIN,
                *names,
            )
        ],
    )
    return bool(found)
