import asyncio
import gc
import weakref
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.bundle import Bundle
from engine.catalogue import ItemChange
from engine.errors import BundleError
from serving.bundles import MAX_CARDS, Bundles, Changes, changed
from serving.pointer import pointed, versions_by_age
from tests.servers import publish_tea, tea
from tests.worlds import CUP, GREEN, MILK
from training.publish import CURRENT, rollback


def holder(folder: Path, told: list[str] | None = None) -> Bundles:
    def on_load(result: str, bundle: Bundle | None) -> None:
        if told is not None:
            told.append(result)

    return Bundles(folder, warm=lambda bundle: None, on_load=on_load)


def test_the_pointers_bundle_is_loaded_first_and_followed_after(tmp_path: Path) -> None:
    told: list[str] = []
    first = publish_tea(tmp_path)
    bundles = holder(tmp_path, told)
    bundles.load_first()
    assert bundles.live.bundle.version == first
    second = publish_tea(tmp_path, CUP)
    asyncio.run(bundles.follow())
    assert bundles.live.bundle.version == second
    rollback(tmp_path, first)
    asyncio.run(bundles.follow())
    asyncio.run(bundles.follow())
    assert bundles.live.bundle.version == first
    assert told == ["loaded", "loaded", "loaded"]


def test_a_bad_bundle_is_tried_once_and_the_next_good_one_is_taken_up(tmp_path: Path) -> None:
    told: list[str] = []
    first = publish_tea(tmp_path)
    bundles = holder(tmp_path, told)
    bundles.load_first()
    bad = publish_tea(tmp_path, CUP)
    (tmp_path / bad / "cf.faiss").write_bytes(b"")
    for _ in range(3):
        asyncio.run(bundles.follow())
    assert told == ["loaded", "refused"]
    assert bundles.live.bundle.version == first
    assert bundles.live.degraded == ()
    good = publish_tea(tmp_path, MILK)
    asyncio.run(bundles.follow())
    assert bundles.live.bundle.version == good


def test_a_bundle_that_cannot_answer_is_refused(tmp_path: Path) -> None:
    def fall_over(bundle: Bundle) -> None:
        if bundle.version != first:
            raise ZeroDivisionError

    first = publish_tea(tmp_path)
    bundles = Bundles(tmp_path, warm=fall_over, on_load=lambda result, bundle: None)
    bundles.load_first()
    publish_tea(tmp_path, CUP)
    asyncio.run(bundles.follow())
    assert bundles.live.bundle.version == first


def test_a_bundle_that_says_it_is_another_is_refused(tmp_path: Path) -> None:
    version = publish_tea(tmp_path)
    (tmp_path / version).rename(tmp_path / "other")
    (tmp_path / CURRENT).write_text("other", "ascii")
    with pytest.raises(BundleError, match="its manifest says"):
        holder(tmp_path).load_first()


@pytest.mark.parametrize("text", ["", "..", "../x", "a/b", "/etc", "a\x00b", "x" * 65, "ü", "."])
def test_a_pointer_that_is_no_version_is_never_followed(tmp_path: Path, text: str) -> None:
    (tmp_path / CURRENT).write_bytes(text.encode())
    with pytest.raises(BundleError):
        pointed(tmp_path)


def test_the_old_bundle_is_let_go(tmp_path: Path) -> None:
    publish_tea(tmp_path)
    bundles = holder(tmp_path)
    bundles.load_first()
    gc.unfreeze()
    old = weakref.ref(bundles.live.bundle)
    publish_tea(tmp_path, CUP)
    asyncio.run(bundles.follow())
    gc.collect()
    assert old() is None


def test_changes_lie_over_every_bundle_until_they_are_replaced(tmp_path: Path) -> None:
    publish_tea(tmp_path)
    bundles = holder(tmp_path)
    bundles.load_first()
    assert bundles.live.card(GREEN).price_minor == 5000
    change = ItemChange(item_id="green", price_minor=1, available=False)
    bundles.add_changes(Changes(7, {"green": change, "unheard of": change}))
    assert bundles.live.card(GREEN).price_minor == 1
    assert not bundles.live.bundle.sellable[GREEN]
    publish_tea(tmp_path, CUP)
    asyncio.run(bundles.follow())
    assert bundles.live.card(GREEN).price_minor == 1
    assert bundles.changes.count == 7
    bundles.add_changes(Changes(8, {"cup": ItemChange(item_id="cup", stock=0)}))
    assert bundles.live.bundle.sellable.tolist() == [False, True, True, False, True, True]
    assert set(bundles.changes.by_item) == {"green", "unheard of", "cup"}
    asyncio.run(bundles.replace_changes(Changes()))
    assert bundles.live.card(GREEN).price_minor == 5000
    assert bundles.live.bundle.sellable.all()


def test_a_change_that_comes_while_a_bundle_is_taken_up_is_in_it(tmp_path: Path) -> None:
    publish_tea(tmp_path)
    bundles = holder(tmp_path)
    bundles.load_first()

    async def story() -> None:
        taking = asyncio.create_task(bundles.follow())
        number = 0
        while not taking.done():
            number += 1
            change = ItemChange(item_id="green", price_minor=number)
            bundles.add_changes(Changes(number, {"green": change}))
            await asyncio.sleep(0.0005)
            if number == 40:
                await bundles.replace_changes(Changes(41, {"pot": change}))
        assert bundles.live.bundle.version == new
        laid = bundles.changes.by_item
        expected = laid["green"].price_minor if "green" in laid else 5000
        assert bundles.live.card(GREEN).price_minor == expected

    new = publish_tea(tmp_path, CUP)
    asyncio.run(story())


def test_a_count_of_changes_is_not_told_before_they_are_laid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_tea(tmp_path)
    bundles, told = holder(tmp_path), []
    bundles.load_first()

    def laying(bundle: Bundle, changes: Mapping[str, ItemChange]) -> Bundle:
        told.append(bundles.changes.count)
        return changed(bundle, changes)

    monkeypatch.setattr("serving.bundles.changed", laying)
    change = ItemChange(item_id="green", stock=0)
    asyncio.run(bundles.replace_changes(Changes(9, {"green": change})))
    assert (told, bundles.changes.count) == ([0], 9)
    assert not bundles.live.bundle.sellable[GREEN]


def test_a_bundle_without_known_changes_is_the_same_value() -> None:
    made = tea()
    assert changed(made, {}) is made
    assert changed(made, {"unheard of": ItemChange(item_id="unheard of", stock=0)}) is made


def test_versions_are_told_newest_first_and_what_is_no_bundle_is_left_out(tmp_path: Path) -> None:
    first, second = publish_tea(tmp_path), publish_tea(tmp_path, CUP)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", "ascii")
    assert versions_by_age(tmp_path) in ([second, first], [first, second])
    assert versions_by_age(tmp_path / "nowhere") == []


def test_cards_are_kept_within_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.bundles.MAX_CARDS", 2)
    publish_tea(tmp_path)
    bundles = holder(tmp_path)
    bundles.load_first()
    for row in range(6):
        assert bundles.live.card(row).item_id == bundles.live.bundle.items.id(row)
        assert len(bundles.live.cards) <= 2
    assert MAX_CARDS > 1_000
