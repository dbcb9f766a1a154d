"""Bundles that must not go live, each refused for its own reason; and a good one that may."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle, write_bundle
from engine.types import Lists
from tests.conftest import CONFIG, silent
from tests.shared import made_once
from tests.training.faulty_bundles import FAULTS, changed
from tests.worlds import bundle as tea
from training.assemble import Source
from training.findings import Severity, errors
from training.gate import Contest, _older_or_smaller, judge
from training.train import Settings, fit, measure, open_source, read_settings


@dataclass(frozen=True)
class World:
    """A champion that was trained on the log but its last days, and its twin; then a challenger."""

    source: Source
    settings: Settings
    challenger: Path
    twin: Path
    champion: Path
    champion_twin: Path

    @property
    def contest(self) -> Contest:
        return Contest(self.challenger, self.twin, self.champion, self.champion_twin)


@pytest.fixture(scope="session")
def world(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    settings, whole = asking_few(read_settings(CONFIG)), open_source(small_log, None)
    last = pl.col("at").max() - pl.duration(days=3)
    sources = {"champion": whole.of(whole.log.filter(pl.col("at") < last)), "challenger": whole}

    def make(folder: Path) -> None:
        for name, source in sources.items():

            def keep(twin: Bundle, name: str = name) -> None:
                written(twin, folder / f"{name}_twin")

            measure(source, settings, silent, keep)
            written(fit(source, settings, {}, now=lambda: 1, say=silent), folder / name)

    folder = made_once(tmp_path_factory, "gate", make)
    return World(
        whole,
        settings,
        folder / "challenger",
        folder / "challenger_twin",
        folder / "champion",
        folder / "champion_twin",
    )


def asking_few(settings: Settings) -> Settings:
    """Of the shop as it is configured, but for what the world here was made with."""
    train = settings.train
    counted = settings.shop.interactions.model_copy(update={"half_life_days": 45})
    shop = settings.shop.model_copy(update={"interactions": counted})
    gate = train.gate.model_copy(update={"customers": 60})
    few = train.evaluation.model_copy(update={"customers": 50})
    chosen = train.model_copy(update={"gate": gate, "evaluation": few})
    return replace(settings, shop=shop, train=chosen)


def written(made: Bundle, folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_bundle(made, folder)
    return folder


def refusals(world: World, contest: Contest, faults: Sequence[str] = ()) -> set[str]:
    found = judge(contest, world.source, world.settings, lambda _: faults)
    return {finding.check for finding in errors(found)}


def test_a_bundle_as_good_as_the_live_one_may_go_live(world: World) -> None:
    found = judge(world.contest, world.source, world.settings, lambda _: [])
    assert not errors(found), found
    told = {finding.check: finding for finding in found}
    assert told["quality"].severity is told["discoveries"].severity is Severity.OK
    assert "NDCG@20" in told["quality"].said
    assert told["server"].said == "a server answers every request"


def test_more_and_fewer_items_to_sell_are_each_said_so(world: World) -> None:
    """A tenth of the challenger's items is sold out, or of the champion's."""
    whole = read_bundle(world.challenger)
    available = np.ones(len(whole.items), bool)
    available[::10] = False
    catalogue = replace(whole.catalogue, available=whole.catalogue.available & available)
    fewer = replace(whole, catalogue=catalogue)
    share = 1 - fewer.sellable.sum() / whole.sellable.sum()
    more = whole.sellable.sum() / fewer.sellable.sum() - 1
    for ours, theirs, said in (
        (fewer, whole, f"{share:.1%} fewer items can be sold than the champion had"),
        (whole, fewer, f"{more:.1%} more items can be sold than the champion had"),
        (whole, whole, "0.0% fewer items can be sold than the champion had"),
    ):
        found = {
            one.check: one for one in _older_or_smaller(ours, theirs, world.settings.train.gate)
        }
        assert found["lost_sellable"].said == said
        assert found["lost_sellable"].severity is Severity.OK


def test_the_first_bundle_needs_no_champion(world: World) -> None:
    assert refusals(world, Contest(world.challenger, world.twin)) == set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_bundle_is_refused_with_its_reason(name: str, world: World, tmp_path: Path) -> None:
    reason, spoil = FAULTS[name]
    contest = world.contest
    if reason == "stream":
        champion = changed(read_bundle(world.champion), stream_through="7-0")
        contest = replace(contest, champion=written(champion, tmp_path / "champion"))
    bad = written(spoil(read_bundle(world.challenger)), tmp_path / "bad")
    assert reason in refusals(world, replace(contest, challenger=bad))


def damaged(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[-1] ^= 1
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: damaged(folder, "factors.item.npy"),
        lambda folder: (folder / "cf.faiss").unlink(),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: shutil.copy(folder / "shop.json", folder / "extra.json"),
    ],
)
def test_damaged_files_are_refused_before_anything_of_them_is_read(
    harm: Callable[[Path], object], world: World, tmp_path: Path
) -> None:
    shutil.copytree(world.challenger, tmp_path / "bad")
    harm(tmp_path / "bad")
    assert refusals(world, replace(world.contest, challenger=tmp_path / "bad")) == {"whole"}


def test_a_recipe_that_recommends_worse_is_refused_by_the_paired_test(
    world: World, tmp_path: Path
) -> None:
    """The bundle itself is sound: only what its twin does on the hold-out tells."""
    twin = read_bundle(world.twin)
    nothing = Lists(np.zeros(len(twin.items) + 1, np.int64), twin.similar.rows[:0],
                    twin.similar.scores[:0])  # fmt: skip
    frequency = np.zeros_like(twin.customer_items.frequency)
    worse = replace(
        twin,
        similar=nothing,
        factors=replace(twin.factors, customer=np.zeros_like(twin.factors.customer)),
        customer_items=replace(twin.customer_items, frequency=frequency),
    )
    contest = replace(world.contest, twin=written(worse, tmp_path / "worse"))
    assert refusals(world, contest) >= {"discoveries"}
    assert refusals(world, contest) <= {"quality", "discoveries"}


def test_slates_that_cover_far_less_of_the_catalogue_are_refused(
    world: World, tmp_path: Path
) -> None:
    made = read_bundle(world.challenger)
    settings = world.settings
    gate = settings.train.gate.model_copy(update={"coverage_loss": 0.0, "memory": 0.0})
    strict = replace(settings, train=settings.train.model_copy(update={"gate": gate}))
    nothing = Lists(np.zeros(len(made.items) + 1, np.int64), made.similar.rows[:0],
                    made.similar.scores[:0])  # fmt: skip
    popular_only = replace(
        made,
        similar=nothing,
        factors=replace(made.factors, customer=np.zeros_like(made.factors.customer)),
    )
    bad = replace(world.contest, challenger=written(popular_only, tmp_path / "bad"))
    found = judge(bad, world.source, strict, None)
    assert "coverage" in {finding.check for finding in errors(found)}


def test_a_bundle_that_a_server_cannot_answer_from_is_refused(world: World) -> None:
    assert refusals(world, world.contest, ["POST /recommend: 500"]) == {"server"}


def test_a_champion_that_has_seen_the_hold_out_is_not_compared_with(world: World) -> None:
    contest = replace(world.contest, champion_twin=None)
    found = judge(contest, world.source, world.settings, lambda _: [])
    (told,) = [finding for finding in found if finding.check == "quality"]
    assert told.severity is Severity.WARNING
    assert "has seen some of the hold-out" in told.said


def test_a_damaged_champion_does_not_keep_a_good_bundle_out(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.champion, tmp_path / "champion")
    damaged(tmp_path / "champion", "shop.json")
    contest = replace(world.contest, champion=tmp_path / "champion")
    assert refusals(world, contest) == set()


def test_a_bundle_of_another_log_is_refused(world: World, tmp_path: Path) -> None:
    stranger = written(tea(), tmp_path / "tea")
    found = refusals(world, Contest(stranger, None))
    assert {"items_of_the_log", "customers_of_the_log"} <= found
