"""What a worker holds of those who opted out: bounded, and no longer than a bundle lacks it."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.customers.tombstones import NOBODY_ERASED
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked
from serving import consents
from serving.consents import Consents
from serving.shop import Shop
from serving.store.packing import stream_id
from serving.store.store import Accepting
from tests.serving.stories import live_through
from tests.worlds import NOW
from training.publish import publish


def said(number: int, customer: str, **consent: object) -> Happened:
    return Happened(f"s{number}", EventType.CONSENT, NOW, customer, properties=consent)


def held(found: Consents, customer: str) -> int:
    return len(found.tails(Asked(n=1, customer_id=customer), NOBODY_ERASED).customer)


def test_who_only_ever_allowed_takes_no_room() -> None:
    found = Consents()
    found.note(said(1, "mei", personal=True, contact=True), b"1-0")
    found.note(Happened("v", EventType.VIEW, NOW, "mei", item_id="cup"), b"2-0")
    assert len(found) == 0
    found.note(said(2, "mei", contact=False), b"3-0")
    found.note(said(3, "mei", contact=True), b"4-0")
    assert held(found, "mei") == 2, "the later word may take the earlier one back"


def test_what_is_held_is_bounded_and_the_first_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "MOST_PEOPLE", 2)
    monkeypatch.setattr(consents, "MOST_WORDS", 3)
    found = Consents()
    for number in range(5):
        found.note(said(number, "mei", personal=False), b"%d-0" % number)
    assert [entry.partition(b" ")[0] for entry in found.entries("c:mei", NOBODY_ERASED)] == [
        b"2-0",
        b"3-0",
        b"4-0",
    ]
    for customer in ("lin", "zoe"):
        found.note(said(9, customer, personal=False), b"9-0")
    assert [held(found, customer) for customer in ("mei", "lin", "zoe")] == [0, 1, 1]


def test_it_is_let_go_with_the_bundle_that_holds_it_and_read_again_for_one_that_does_not(
    tea_shop: Shop, tmp_path: Path
) -> None:
    async def story(shop: Shop) -> None:
        found, made = Consents(), shop.bundles.live
        views = [
            Accepting(Happened(f"v{i}", EventType.VIEW, NOW, "zoe", item_id="cup"))
            for i in range(1_200)
        ]
        (first,) = await shop.store.accept([Accepting(said(1, "mei", personal=False))])
        await shop.store.accept(views)
        (last,) = await shop.store.accept([Accepting(said(2, "lin", personal=False))])
        assert first is not None
        assert last is not None
        for through, there in ((made.through, 2), (stream_id(first), 1), (stream_id(last), 0)):
            await found.follow(shop.store, replace(made, through=through), NOBODY_ERASED)
            assert len(found) == there
        await found.follow(shop.store, made, NOBODY_ERASED)
        assert held(found, "mei") == held(found, "lin") == 1, "gone back to an older bundle"
        found.note(said(1, "mei", personal=False), first)
        assert held(found, "mei") == 1, "what a worker accepted and then reads is one"

    publish(tea_shop.bundles.live.bundle, tmp_path)
    live_through(story, tea_shop, bundles=tmp_path)
