"""F1: the latest referral of a ring is none, in whatever order the ring's referrals come."""

from itertools import permutations

from engine.customers.referral_graph import LONGEST_CHAIN, Edge
from engine.happened import Happened
from serving.store.address import Address
from serving.store.packing import stream_id
from serving.store.people import erase
from serving.store.reading import cut
from serving.store.store import Accepting, Store
from tests.serving.store.small import NOW, accept, purchase, referral, tail_of, told

ORDERS = (purchase(1, "ann", NOW + 20), purchase(2, "ben", NOW + 20), purchase(3, "cat", NOW + 20))
NAMES = ("ann", "ben", "cat")


async def learnt(store: Store, *names: str) -> dict[str, list[str]]:
    """Whose orders each of them was told of."""
    return {
        who: sorted(
            str(event.properties["referred_id"])
            for event in await tail_of(store, who)
            if "referred_id" in event.properties
        )
        for who in names or NAMES
    }


async def forget(store: Store) -> None:
    tails = [store.keys.customers + who for who in NAMES]
    await store.ask(("DEL", store.keys.referrers, *tails))


def test_F1_two_who_name_each_other_are_rewarded_once_in_any_order(redis: Address) -> None:
    lines = (referral(1, "ann", "ben", NOW + 1), referral(2, "ben", "ann", NOW + 2), *ORDERS[:2])

    async def story(store: Store) -> None:
        for order in permutations(lines):
            await accept(store, *order)
            assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": []}, order
            await forget(store)

    told(story, redis)


def test_F1_of_the_same_instant_the_referral_of_who_sorts_last_is_none(redis: Address) -> None:
    async def story(store: Store) -> None:
        for low, high in (("a b", "a-b"), ("C", "C1"), ("z", "茶"), ("B", "b"), ("10", "9")):
            await accept(store, referral(1, low, high), referral(2, high, low))
            await accept(store, purchase(1, low), purchase(2, high))
            assert await learnt(store, low, high) == {low: [], high: [low]}

    told(story, redis)


def test_F1_of_a_ring_of_three_the_latest_referral_counts_not(redis: Address) -> None:
    ring = (
        referral(1, "ann", "ben", NOW + 3),
        referral(2, "ben", "cat", NOW + 1),
        referral(3, "cat", "ann", NOW + 2),
    )

    async def story(store: Store) -> None:
        for order in permutations(ring):
            for place in range(4):
                await accept(store, *order[:place], *ORDERS, *order[place:])
                assert await learnt(store) == {"ann": ["cat"], "ben": [], "cat": ["ben"]}, order
                await forget(store)

    told(story, redis)


def test_F1_the_earlier_referral_of_a_ring_comes_late_and_takes_back_what_the_later_gave(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann", NOW + 5), *ORDERS[:2])
        assert await learnt(store) == {"ann": ["ben"], "ben": [], "cat": []}
        await accept(store, referral(2, "ann", "ben", NOW + 3))
        assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": []}
        await accept(store, purchase(4, "ben", NOW + 30), purchase(5, "ann", NOW + 30))
        assert await learnt(store) == {"ann": [], "ben": ["ann", "ann"], "cat": []}
        await accept(store, referral(3, "ben", "cat", NOW + 9))
        assert await learnt(store) == {"ann": [], "ben": ["ann", "ann"], "cat": []}

    told(story, redis)


def test_F1_what_the_later_gave_is_taken_back_also_of_orders_that_a_training_took_in(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        (bought,) = await accept(store, ORDERS[1])
        await accept(store, purchase(3, "cat", NOW + 20), referral(3, "cat", "ann", NOW + 4))
        await accept(store, referral(1, "ben", "ann", NOW + 5))
        assert bought is not None
        await cut(store, stream_id(bought))
        assert await learnt(store) == {"ann": ["ben", "cat"], "ben": [], "cat": []}
        await accept(store, referral(2, "ann", "ben", NOW + 3))
        assert await learnt(store) == {"ann": ["cat"], "ben": [], "cat": []}

    told(story, redis)


def test_F1_a_ring_opens_when_a_still_earlier_referral_comes_and_all_counts(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann", NOW + 5), referral(2, "ann", "ben", NOW + 3))
        await accept(store, *ORDERS)
        await accept(store, referral(3, "ann", "cat", NOW + 1))
        assert await learnt(store) == {"ann": ["ben"], "ben": [], "cat": ["ann"]}

    told(story, redis)


def test_F1_who_stands_below_a_ring_counts_for_who_brought_them(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ann", "ben", NOW + 1), referral(2, "ben", "ann", NOW + 2))
        await accept(store, referral(3, "cat", "ben", NOW + 3), *ORDERS)
        assert await learnt(store) == {"ann": [], "ben": ["ann", "cat"], "cat": []}

    told(story, redis)


def told_by_the_bundle(event: Happened, *edges: Edge) -> Accepting:
    return Accepting(event, {edge.newcomer: edge for edge in edges})


def test_F1_a_ring_closes_over_referrals_that_the_bundle_alone_knows(redis: Address) -> None:
    """ben came by cat, as the bundle says; ann by ben and cat by ann, as the store was told."""
    of_ben = Edge(NOW + 1, "ben", "cat")

    async def story(store: Store) -> None:
        await store.accept([told_by_the_bundle(referral(1, "ann", "ben", NOW + 2), of_ben)])
        await accept(store, purchase(1, "ann", NOW + 20), purchase(3, "cat", NOW + 20))
        await store.accept([told_by_the_bundle(purchase(2, "ben", NOW + 20), of_ben)])
        await accept(store, referral(2, "cat", "ann", NOW + 3))
        assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": ["ben"]}
        await accept(store, purchase(4, "cat", NOW + 30))
        assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": ["ben"]}

    told(story, redis)


def test_F1_a_ring_that_the_bundle_knows_whole_rewards_nobody_for_its_last(redis: Address) -> None:
    ring = (Edge(NOW + 1, "ann", "ben"), Edge(NOW + 2, "ben", "ann"))

    async def story(store: Store) -> None:
        await store.accept([told_by_the_bundle(order, *ring) for order in ORDERS[:2]])
        assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": []}
        assert (await store.ask(("HLEN", store.keys.referrers)))[0] == 0

    told(story, redis)


def test_F1_as_long_a_ring_as_is_followed_is_found(redis: Address) -> None:
    async def story(store: Store) -> None:
        for size, found in ((LONGEST_CHAIN, []), (LONGEST_CHAIN + 1, ["101-0"])):
            names = [f"{size}-{place}" for place in range(size)]
            ring = [
                referral(place, who, names[place - 1], NOW + (place == 0))
                for place, who in enumerate(names)
            ]
            await accept(store, *ring, purchase(1, names[0], NOW + 9))
            assert await learnt(store, names[-1]) == {names[-1]: found}

    told(story, redis)


def test_F1_who_was_erased_is_in_no_ring_and_their_name_is_not_kept(redis: Address) -> None:
    of_ben, of_cat = Edge(NOW + 1, "ben", "cat"), Edge(NOW + 2, "cat", "ann")

    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "cat", NOW + 1), referral(2, "cat", "ann", NOW + 2))
        await accept(store, referral(3, "ann", "ben", NOW + 3))
        await erase(store, ("c:cat", None), [("c:cat", "ann")], {}, NOW + 10)
        await store.ask(("DEL", store.keys.referrers))
        again = referral(4, "ann", "ben", NOW + 3)
        await store.accept([told_by_the_bundle(again, of_ben, of_cat)])
        await accept(store, purchase(1, "ann", NOW + 20))
        await store.accept([told_by_the_bundle(purchase(2, "ben", NOW + 20), of_ben, of_cat)])
        assert await learnt(store) == {"ann": [], "ben": ["ann"], "cat": []}
        (kept,) = await store.ask(("HGETALL", store.keys.referrers))
        assert kept == [b"ann", f"{NOW + 3} ben".encode()]

    told(story, redis)
