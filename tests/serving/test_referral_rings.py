"""F1: a server tells of referrals what a training on the same events tells, rings among them."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.customers.identity import customer_node
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked
from engine.types import DAY_MS
from serving.intake import accepting
from serving.profile import in_ring
from serving.shop import Shop, see
from tests.serving.few_examples import WITH_A_SERVER
from tests.serving.stories import live_through
from tests.serving.test_identity_fold import by_the_log, check, seen, told, training_of
from tests.training.test_people import did, frame_of
from tests.worlds import START
from training.people import identity_in
from training.publish import publish

NAMES = ("ann", "ben", "cat", "dan")
WHO = st.sampled_from(NAMES)
FIRST = did(999, EventType.VIEW, "cup", {"customer_id": "ann"}, 1)


def brought(newcomer: str, referrer: str, day: int) -> Happened:
    said, at = {"referrer_id": referrer}, START + day * DAY_MS
    return Happened(f"r-{newcomer}-{day}", EventType.REFERRAL, at, newcomer, properties=said)


def bought(number: int, who: str, day: int, *, back: bool = False) -> Happened:
    kind = EventType.REFUND if back else EventType.PURCHASE
    return did(number, kind, "cup", {"customer_id": who}, day)


REFERRALS = st.lists(
    st.tuples(WHO, WHO, st.integers(0, 6), st.booleans()),
    min_size=3,
    max_size=9,
    unique_by=lambda one: (one[0], one[2]),
)
ORDERS = st.lists(st.tuples(WHO, st.integers(0, 9), st.booleans()), min_size=2, max_size=8)


async def take(shop: Shop, *events: Happened) -> None:
    bundle = shop.bundles.live.bundle
    await shop.store.accept([accepting(bundle, event) for event in events])


async def same(shop: Shop, imported: list[Happened]) -> None:
    """Of everybody the server says what a training on all would say."""
    events, through = await told(shop)
    every = imported + events
    made, identity = training_of(every, through), identity_in(frame_of(every))
    for who in NAMES:
        check(await seen(shop, customer_id=who), by_the_log(made, identity, customer_node(who)))


@WITH_A_SERVER
@given(REFERRALS, ORDERS, ORDERS, st.randoms(use_true_random=False))
def test_F1_a_request_and_a_training_refuse_the_same_rings(
    tea_shop: Shop, tmp_path_factory: Any, referrals: Any, orders: Any, later: Any, mix: Any
) -> None:
    """Some referrals were imported, the others come to the server in any order with the orders."""
    folder: Path = tmp_path_factory.mktemp("rings")
    imported = [FIRST, *(brought(*one[:3]) for one in referrals if one[3])]
    lines = [brought(*one[:3]) for one in referrals if not one[3]]
    lines += [bought(n, who, day, back=back) for n, (who, day, back) in enumerate(orders)]
    mix.shuffle(lines)
    publish(training_of(imported, "0-0"), folder)

    async def story(shop: Shop) -> None:
        await take(shop, *lines)
        await same(shop, imported)
        events, through = await told(shop)
        publish(training_of(imported + events, through), folder)
        await shop.bundles.follow()
        await same(shop, imported)
        numbered = enumerate(later, 100)
        await take(shop, *(bought(n, who, day, back=back) for n, (who, day, back) in numbered))
        await same(shop, imported)

    live_through(story, tea_shop, bundles=folder)


def test_F1_a_mutual_referral_rewards_once_before_and_after_a_training(
    tea_shop: Shop, tmp_path: Path
) -> None:
    publish(training_of([FIRST], "0-0"), tmp_path)

    async def rewarded(shop: Shop) -> dict[str, tuple[int, int, str]]:
        states = [(await seen(shop, customer_id=who))[0].customer for who in ("ann", "ben")]
        return {
            who: (state.referred_buyers, state.points, state.stage)
            for who, state in zip(("ann", "ben"), states, strict=True)
        }

    async def story(shop: Shop) -> None:
        await take(shop, brought("ann", "ben", 2), brought("ben", "ann", 3))
        await take(shop, bought(1, "ann", 25), bought(3, "ben", 25))
        before = await rewarded(shop)
        assert before == {"ann": (0, 1, "new"), "ben": (1, 1, "advocate")}
        events, through = await told(shop)
        publish(training_of([FIRST, *events], through), tmp_path)
        await shop.bundles.follow()
        assert str(shop.bundles.live.through) == through
        assert await rewarded(shop) == before
        await take(shop, bought(5, "ben", 26))
        assert (await rewarded(shop))["ann"] == (0, 1, "new")

    live_through(story, tea_shop, bundles=tmp_path)


def test_F1_a_profile_knows_the_rings_of_the_training_with_and_without_the_store(
    tea_shop: Shop, tmp_path: Path
) -> None:
    ring = [brought("ann", "ben", 2), brought("ben", "cat", 4), brought("cat", "ann", 3)]
    publish(training_of([FIRST, *ring, brought("dan", "ben", 5)], "0-0"), tmp_path)

    async def refused(shop: Shop) -> list[str]:
        asked = [(who, await see(shop, Asked(n=1, customer_id=who))) for who in (*NAMES, "eve")]
        return [who for who, found in asked if await in_ring(shop, who, found)]

    async def story(shop: Shop) -> None:
        assert await refused(shop) == ["ben"]
        await take(shop, brought("ben", "eve", 1))
        assert await refused(shop) == []
        await shop.store.stop()
        assert await refused(shop) == ["ben"], "the bundle alone knows nothing of eve"

    live_through(story, tea_shop, bundles=tmp_path)


def test_F1_a_referrer_without_a_line_of_their_own_keeps_the_points_over_a_training(
    tea_shop: Shop, tmp_path: Path
) -> None:
    publish(training_of([FIRST], "0-0"), tmp_path)

    async def told_of(shop: Shop, who: str) -> tuple[int, int, str]:
        state = (await seen(shop, customer_id=who))[0].customer
        return state.referred_buyers, state.points, state.stage

    async def story(shop: Shop) -> None:
        orders = [bought(number, "ben", 5 + number) for number in range(1, 5)]
        await take(shop, brought("ben", "kol", 2), brought("cat", "nobody", 2), *orders)
        before = await told_of(shop, "kol")
        assert before == (1, 2, "potential")
        events, through = await told(shop)
        publish(training_of([FIRST, *events], through), tmp_path)
        await shop.bundles.follow()
        assert await told_of(shop, "kol") == before
        ids = shop.bundles.live.bundle.customers
        assert (ids.row("kol") >= 0, ids.row("nobody")) == (True, -1)

    live_through(story, tea_shop, bundles=tmp_path)
