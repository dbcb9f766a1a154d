"""Orders of customers whom somebody referred lie in the tail of that one too."""

from pydantic import JsonValue

from engine.customers.facts import EMPTY_HISTORY, Referrer
from engine.customers.history import fold_all
from engine.customers.referral_graph import Edge
from engine.customers.tombstones import Tombstones, tombstone
from engine.events import EventType
from engine.happened import Happened
from serving.store.address import Address
from serving.store.packing import stream_id
from serving.store.people import erase
from serving.store.purge import purge
from serving.store.reading import cut
from serving.store.replay import replay
from serving.store.store import Accepting, Store
from tests.serving.store.small import NOW, accept, purchase, referral, tail_of, told, view


def known(*edges: Edge) -> dict[str, Edge]:
    return {edge.newcomer: edge for edge in edges}


async def held(store: Store, customer: str) -> set[str]:
    return {event.event_id for event in await tail_of(store, customer)}


def test_what_a_referred_customer_buys_is_told_to_the_one_who_referred_them(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann"), purchase(1, "ben", NOW + 5))
        await accept(store, purchase(2, "ben", NOW - 5), purchase(1, "ben", NOW + 5))
        (fact,) = await tail_of(store, "ann")
        assert fact.type is EventType.REFERRAL
        assert fact.event_id == "referred:p1"
        assert fact.properties == {"referred_id": "ben", "of": "purchase"}
        assert fact.amount_minor == 100
        assert (await store.ask(("XLEN", store.keys.events)))[0] == 3

    told(story, redis)


def test_a_referral_that_comes_late_brings_the_orders_made_since(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, purchase(1, "ben", NOW - 5), purchase(2, "ben", NOW + 5))
        await accept(store, referral(1, "ben", "ann"))
        assert [event.event_id for event in await tail_of(store, "ann")] == ["referred:p2"]

    told(story, redis)


def test_a_line_that_names_nobody_brings_nobody_an_order_also_after_a_replay(
    redis: Address,
) -> None:
    """The store may hold such lines from before they were refused."""
    lines: list[dict[str, JsonValue]] = [
        {"referrer_id": " "},
        {"referrer_id": "\u3000"},
        {"referrer_id": 7},
        {"referrer_id": ["ann"]},
        {"referrer_id": "ann", "referred_id": "cat", "of": "purchase"},
    ]

    async def story(store: Store) -> None:
        for number, said in enumerate(lines):
            line = Happened(f"r{number}", EventType.REFERRAL, NOW, "ben", properties=said)
            assert fold_all(EMPTY_HISTORY, [line]).referrer == Referrer()
            await accept(store, line)
        await accept(store, purchase(1, "ben", NOW + 5))
        for again in (False, True):
            if again:
                await store.ask(("DEL", store.keys.customers + "ben", store.keys.folded))
                await replay(store, Accepting)
            for who in (" ", "\u3000", "7", "ann"):
                assert await held(store, who) == set(), (who, again)
            assert await store.ask(("HLEN", store.keys.referrers)) == [0]

    told(story, redis)


def test_the_earliest_referral_wins_in_whatever_order_they_come(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(2, "ben", "late", NOW), purchase(1, "ben", NOW + 9))
        assert len(await tail_of(store, "late")) == 1
        await accept(store, referral(1, "ben", "early", NOW - 9))
        assert len(await tail_of(store, "late")) == 0
        await accept(store, referral(3, "ben", "later", NOW + 9), purchase(2, "ben", NOW + 10))
        assert len(await tail_of(store, "early")) == 2
        assert len(await tail_of(store, "later")) == 0

    told(story, redis)


def test_of_two_referrals_of_one_instant_the_first_by_who_referred_counts(redis: Address) -> None:
    async def story(store: Store) -> None:
        for low, high in (("a b", "a-b"), ("C", "C1"), ("z", "茶"), ("B", "b"), ("10", "9")):
            for first, then in ((low, high), (high, low)):
                new = f"{first}>{then}"
                await accept(
                    store, referral(1, new, first), purchase(1, new), referral(2, new, then)
                )
                await accept(store, purchase(2, new))
                assert await held(store, low) == {"referred:p1", "referred:p2"}, new
                assert await held(store, high) == set(), new
                await store.ask(("DEL", *(store.keys.customers + who for who in (low, high))))

    told(story, redis)


def test_whom_the_store_named_has_no_share_where_another_came_before(redis: Address) -> None:
    late = (referral(1, "ben", "late", NOW), purchase(1, "ben", NOW + 5))
    of_ben = Edge(NOW - 100, "ben", "early")

    async def of_themself(store: Store) -> None:
        await accept(store, *late)
        earliest = referral(2, "ben", "earliest", NOW - 200)
        await store.accept([Accepting(earliest, known=known(of_ben))])
        assert await held(store, "late") == set()
        assert await held(store, "earliest") == {"referred:p1"}

    async def of_somebody_below(store: Store) -> None:
        await accept(store, *late)
        below = known(of_ben, Edge(NOW - 50, "ann", "ben"))
        await store.accept([Accepting(referral(2, "cat", "ann", NOW + 9), known=below)])
        assert await held(store, "late") == set()
        assert await held(store, "early") == {"referred:p1"}

    told(of_themself, redis)
    told(of_somebody_below, redis)


def test_a_referral_that_the_bundle_knows_counts_without_any_event(redis: Address) -> None:
    async def story(store: Store) -> None:
        brought = known(Edge(NOW - 1, "ben", "ann"))
        await store.accept([Accepting(purchase(1, "ben"), known=brought)])
        assert [event.event_id for event in await tail_of(store, "ann")] == ["referred:p1"]

    told(story, redis)


def test_nobody_refers_themselves(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ben"), purchase(1, "ben", NOW + 5))
        assert [event.event_id for event in await tail_of(store, "ben")] == ["r1", "p1"]

    told(story, redis)


def test_whoever_referred_the_referrer_is_told_of_their_own_orders_alone(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "cat", "ben"), purchase(1, "cat", NOW + 5))
        await accept(store, purchase(2, "ben", NOW + 5), referral(2, "ben", "ann"))
        assert [event.event_id for event in await tail_of(store, "ann")] == ["referred:p2"]

    told(story, redis)


def test_who_was_erased_has_referred_nobody_before_and_may_refer_again(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann"), purchase(1, "ben", NOW + 5))
        await erase(store, ("c:ann", None), [("c:ann", "")], {}, NOW + 10)
        await accept(store, purchase(2, "ben", NOW + 15), referral(2, "cat", "ann", NOW + 9))
        brought = known(Edge(NOW, "dan", "ann"))
        await store.accept([Accepting(purchase(3, "dan", NOW + 15), known=brought)])
        await accept(store, purchase(4, "cat", NOW + 15))
        assert await tail_of(store, "ann") == ()
        await accept(store, referral(5, "cat", "ann", NOW + 11))
        assert [event.event_id for event in await tail_of(store, "ann")] == ["referred:p4"]

    told(story, redis)


def test_who_was_erased_was_brought_by_nobody_whatever_the_bundle_still_holds(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        brought = known(Edge(NOW, "ben", "ann"))
        await erase(store, ("c:ben", None), [("c:ben", "ann")], {}, NOW + 10)
        await store.accept([Accepting(purchase(1, "ben", NOW + 15), known=brought)])
        assert await tail_of(store, "ann") == ()
        await accept(store, referral(2, "ben", "ann", NOW + 11))
        assert [event.event_id for event in await tail_of(store, "ann")] == ["referred:p1"]

    told(story, redis)


def test_credit_that_an_older_server_gave_to_who_was_erased_is_purged(redis: Address) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann"), purchase(1, "ben", NOW + 5))
        await accept(store, referral(2, "cat", "ann", NOW + 20), purchase(2, "cat", NOW + 25))
        await accept(store, view(100))
        salt = "salt"
        erased = Tombstones({salt: {tombstone(salt, "c:ann"): NOW + 10}}, 1)
        assert (await purge(store, erased)).referrers == 1
        kept = {event.event_id for event in await tail_of(store, "ann")}
        assert kept == {"referred:p2", "v100"}

    told(story, redis)


def test_an_erased_newcomers_orders_leave_the_referrer_where_their_own_tail_was_full(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        before = [purchase(number, "ben", NOW - 5) for number in range(store.tail_most)]
        await accept(store, *before, referral(1, "ben", "ann"), purchase(100, "ben", NOW + 50))
        await accept(store, referral(2, "cat", "ann"), purchase(101, "cat", NOW + 5))
        await accept(store, purchase(102, "ann"))
        assert "p100" not in {event.event_id for event in await tail_of(store, "ben")}
        assert await held(store, "ann") == {"referred:p100", "referred:p101", "p102"}
        done = await erase(store, ("c:ben", None), [("c:ben", "")], {}, NOW + 10)
        assert await held(store, "ann") == {"referred:p101", "p102"}
        assert done is not None
        assert done.at == NOW + 50, "nor does the stream tell of it any more"
        assert done.tail_entries == store.tail_most

    told(story, redis, tail_limit=1)


def test_an_erased_newcomers_orders_leave_the_referrer_though_a_training_took_their_own(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        (ordered,) = await accept(store, purchase(1, "ben", NOW + 5))
        await accept(store, referral(1, "ben", "ann"))
        await cut(store, stream_id(ordered or b""))
        assert (await held(store, "ben"), await held(store, "ann")) == ({"r1"}, {"referred:p1"})
        await erase(store, ("c:ben", None), [("c:ben", "")], {}, NOW + 10)
        assert await held(store, "ann") == set()

    told(story, redis)


def test_an_erased_newcomers_orders_leave_whom_the_store_names_and_whom_the_bundle_names(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "late", NOW), purchase(1, "ben", NOW + 5))
        earlier = known(Edge(NOW - 100, "ben", "early"))
        await store.accept([Accepting(purchase(2, "ben", NOW + 6), known=earlier)])
        assert await held(store, "late") == {"referred:p1"}
        assert await held(store, "early") == {"referred:p2"}
        await erase(store, ("c:ben", None), [("c:ben", "early")], {}, NOW + 10)
        assert (await held(store, "late"), await held(store, "early")) == (set(), set())

    told(story, redis)


def test_an_erased_visitor_takes_nothing_from_who_referred_a_customer_of_that_name(
    redis: Address,
) -> None:
    async def story(store: Store) -> None:
        await accept(store, referral(1, "ben", "ann"), purchase(1, "ben", NOW + 5))
        await erase(store, ("v:ben", None), [("v:ben", "")], {}, NOW + 10)
        assert await held(store, "ann") == {"referred:p1"}

    told(story, redis)
