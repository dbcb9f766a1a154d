"""A publish is seen whole or not at all."""

import multiprocessing
import os
import resource
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import BundleError, UnknownName
from tests.worlds import bundle
from training.publish import (
    CURRENT,
    adopt,
    current,
    one_at_a_time,
    publish,
    retain,
    rollback,
    versions,
)
from training.went_live import WENT_LIVE


def dated(made: Bundle, number: int) -> Bundle:
    """Another bundle, made later."""
    scores = made.popular.scores + np.float32(number)
    return replace(
        made,
        manifest=made.manifest.model_copy(update={"created_at": number}),
        popular=replace(made.popular, scores=scores),
    )


def test_the_last_one_published_is_live_and_all_are_listed_by_age(tmp_path: Path) -> None:
    made = bundle()
    told = [publish(dated(made, number), tmp_path).version for number in (1, 2, 3)]
    assert versions(tmp_path) == told
    assert current(tmp_path) == told[-1]
    assert read_bundle(tmp_path / told[0]).version == told[0]


def test_the_same_content_is_published_once(tmp_path: Path) -> None:
    first, again = (publish(dated(bundle(), 1), tmp_path) for _ in range(2))
    assert first == again
    assert versions(tmp_path) == [first.version]


def test_rolling_back_points_at_the_one_before_or_at_the_one_named(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2, 3)]
    assert rollback(tmp_path) == told[1]
    assert rollback(tmp_path) == told[0]
    with pytest.raises(BundleError, match="no version before"):
        rollback(tmp_path)
    assert rollback(tmp_path, told[2]) == told[2] == current(tmp_path)


def test_rolling_back_goes_the_way_that_the_pointer_came(tmp_path: Path) -> None:
    a, b = (publish(dated(bundle(), number), tmp_path).version for number in (1, 2))
    assert publish(dated(bundle(), 1), tmp_path).version == a
    assert rollback(tmp_path) == b, "it was live before a was again, though it was made later"
    assert rollback(tmp_path) == a
    with pytest.raises(BundleError, match="no version before"):
        rollback(tmp_path)


def test_rolling_back_further_never_comes_forward(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in range(5)]
    assert rollback(tmp_path, told[3]) == told[3]
    assert rollback(tmp_path) == told[2]
    assert rollback(tmp_path, told[4]) == told[4]
    assert rollback(tmp_path) == told[2], "what came in between was left for it"


def test_rolling_back_waits_for_whoever_is_at_work_in_the_folder(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2)]
    with ThreadPoolExecutor() as beside:
        with one_at_a_time(tmp_path):
            going = beside.submit(rollback, tmp_path)
            with pytest.raises(TimeoutError):
                going.result(0.3)
            assert current(tmp_path) == told[1]
        assert going.result() == current(tmp_path) == told[0]


def test_the_same_version_again_is_no_step(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2, 2, 2)]
    assert rollback(tmp_path) == told[0]


def test_a_folder_from_before_the_way_was_noted_goes_back_by_age(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2, 3)]
    (tmp_path / WENT_LIVE).unlink()
    assert rollback(tmp_path) == told[1]
    assert rollback(tmp_path) == told[0]


@pytest.mark.parametrize("killed_after", ["a b a", "a b", "a"])
def test_a_publish_or_rollback_killed_between_its_two_files_takes_the_same_way(
    tmp_path: Path, killed_after: str
) -> None:
    """The pointer says b; the file beside it may hold a line too many, or lack the last one."""
    named = {
        name: publish(dated(bundle(), number), tmp_path).version
        for number, name in enumerate("ab", 1)
    }
    (tmp_path / WENT_LIVE).write_text("".join(f"{named[name]}\n" for name in killed_after.split()))
    assert current(tmp_path) == named["b"]
    assert rollback(tmp_path) == named["a"]


def test_a_version_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    version = publish(bundle(), tmp_path).version
    with pytest.raises(UnknownName, match=f"unknown version '20990101-x'; known: {version}"):
        rollback(tmp_path, "20990101-x")
    assert current(tmp_path) == version


def test_a_damaged_version_is_never_pointed_at(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2)]
    (tmp_path / told[0] / "shop.json").write_text("{}")
    with pytest.raises(BundleError, match=r"shop\.json"):
        rollback(tmp_path)
    assert current(tmp_path) == told[1]


def test_a_damaged_copy_is_replaced_by_publishing_again(tmp_path: Path) -> None:
    version = publish(bundle(), tmp_path).version
    (tmp_path / version / "shop.json").write_text("{}")
    assert publish(bundle(), tmp_path).version == version
    assert read_bundle(tmp_path / version)


def test_a_folder_without_bundles_says_so(tmp_path: Path) -> None:
    assert current(tmp_path) is None
    with pytest.raises(BundleError, match="no folder of bundles"):
        versions(tmp_path / "nothing")


def test_what_a_killed_publish_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / ".unfinished-abc"
    left.mkdir()
    (left / "half.npy").write_bytes(b"x")
    publish(bundle(), tmp_path)
    assert not left.exists()
    assert len(versions(tmp_path)) == 1


def _publish_for_ever(folder: Path) -> None:
    made = bundle()
    number = 1_000
    while True:
        number += 1
        publish(dated(made, number), folder)


def test_a_publish_killed_at_any_moment_leaves_a_whole_bundle_live(tmp_path: Path) -> None:
    publish(dated(bundle(), 1), tmp_path)
    rng = np.random.default_rng(5)
    context = multiprocessing.get_context("fork")
    for _ in range(12):
        trainer = context.Process(target=_publish_for_ever, args=(tmp_path,))
        trainer.start()
        time.sleep(0.02 + float(rng.random()) * 0.2)
        assert trainer.pid is not None
        os.kill(trainer.pid, signal.SIGKILL)
        trainer.join()
        version = current(tmp_path)
        assert version is not None
        assert read_bundle(tmp_path / version).version == version
    before = current(tmp_path)
    assert publish(dated(bundle(), 99_999), tmp_path).version == current(tmp_path) != before
    assert not list(tmp_path.glob(".unfinished-*"))
    assert (tmp_path / CURRENT).read_text().endswith("\n")


def test_a_bundle_that_lies_written_is_adopted_and_stays_where_it_was(tmp_path: Path) -> None:
    made = publish(dated(bundle(), 1), tmp_path / "made").version
    adopted = adopt(tmp_path / "made" / made, tmp_path / "live")
    assert adopted.version == current(tmp_path / "live") == made
    assert read_bundle(tmp_path / "made" / made).version == made
    (tmp_path / "made" / made / "shop.json").unlink()
    with pytest.raises(BundleError, match=r"missing \['shop\.json'\]"):
        adopt(tmp_path / "made" / made, tmp_path / "other")
    assert read_bundle(tmp_path / "live" / made).version == made


def test_retention_keeps_the_newest_the_live_one_and_the_way_back(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in range(6)]
    rollback(tmp_path, told[2])
    assert retain(tmp_path, 2) == [told[0], told[3]]
    assert versions(tmp_path) == [told[1], told[2], told[4], told[5]]
    assert rollback(tmp_path) == told[1]
    assert retain(tmp_path, 1) == [told[2], told[4]]
    publish(dated(bundle(), 9), tmp_path)
    back = publish(dated(bundle(), 1), tmp_path)
    assert retain(tmp_path, 1) == [told[5]]
    assert versions(tmp_path)[-1] == rollback(tmp_path) != back.version


def _roll_back_without_room(folder: Path, version: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # every write fails, as on a full disk
    started = time.monotonic()
    rollback(folder, version)
    quick = time.monotonic() - started < 5
    os._exit(0 if quick else 3)  # at once: whatever else ends a process may want to write


def test_rolling_back_needs_no_room_on_the_disk(tmp_path: Path) -> None:
    told = [publish(dated(bundle(), number), tmp_path).version for number in (1, 2, 3)]
    for version in (told[0], told[2], told[1]):
        process = multiprocessing.get_context("fork").Process(
            target=_roll_back_without_room, args=(tmp_path, version)
        )
        process.start()
        process.join()
        assert process.exitcode == 0
        assert current(tmp_path) == version
    assert not list(tmp_path.glob(".unfinished-*"))


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as rest:
        while True:
            rest.write(b"x" * 512)


def test_rolling_back_works_on_a_full_file_system(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    try:
        told = [publish(dated(bundle(), number), disk).version for number in (1, 2)]
        with pytest.raises(OSError, match="No space left"):
            _fill(disk / "rest")
        assert rollback(disk) == told[0] == current(disk)
        assert rollback(disk, told[1]) == told[1] == current(disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_rollback_in_no_folder_of_bundles_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no folder of bundles"):
        rollback(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
