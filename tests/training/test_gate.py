"""Bundles that must not go live, each refused for its own reason; and a good one that may."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.ann import build_index
from engine.bundle import Bundle, CustomerItems
from engine.bundle_files import read_bundle, write_bundle
from engine.ids import IdMap
from engine.types import DAY_MS, Candidates, Lists
from tests.conftest import CONFIG, silent
from tests.worlds import bundle as tea
from training.assemble import Source
from training.findings import Severity, errors
from training.gate import Contest, judge
from training.models.sessions import SessionsConfig, table
from training.train import Settings, fit, measure, open_source, read_settings

RNG = np.random.default_rng(4)


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


@pytest.fixture(scope="module")
def world(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder, settings = tmp_path_factory.mktemp("gate"), asking_few(read_settings(CONFIG))
    whole = open_source(small_log, None)
    last = pl.col("at").max() - pl.duration(days=3)
    made = {"champion": whole.of(whole.log.filter(pl.col("at") < last)), "challenger": whole}
    for name, source in made.items():

        def keep(twin: Bundle, name: str = name) -> None:
            written(twin, folder / f"{name}_twin")

        measure(source, settings, silent, keep)
        written(fit(source, settings, {}, now=lambda: 1, say=silent), folder / name)
    return World(
        whole,
        settings,
        folder / "challenger",
        folder / "challenger_twin",
        folder / "champion",
        folder / "champion_twin",
    )


def asking_few(settings: Settings) -> Settings:
    train = settings.train
    gate = train.gate.model_copy(update={"customers": 120})
    few = train.evaluation.model_copy(update={"customers": 50})
    return replace(settings, train=train.model_copy(update={"gate": gate, "evaluation": few}))


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


def test_the_first_bundle_needs_no_champion(world: World) -> None:
    assert refusals(world, Contest(world.challenger, world.twin)) == set()


def changed(made: Bundle, **fields: object) -> Bundle:
    return replace(made, manifest=made.manifest.model_copy(update=fields))


def broken(lists: Lists, **fields: object) -> Lists:
    return replace(lists, **fields)  # type: ignore[arg-type]


def nan(values: np.ndarray) -> np.ndarray:
    bad = values.copy()
    bad.flat[len(bad) // 2] = np.nan
    return bad


def shuffled(ids: IdMap) -> IdMap:
    return IdMap.build([ids.id(int(row)) for row in RNG.permutation(len(ids))])


def empty(made: Bundle) -> Bundle:
    """No items, and so nothing of what hangs on them."""
    return cut_items(made, 0)


def cut_items(made: Bundle, kept: int) -> Bundle:
    """Only the first items; all else is well formed."""
    catalogue = made.catalogue
    columns = {
        name: getattr(catalogue, name)[:kept]
        for name in (
            "category", "brand", "kind", "price_minor", "list_price_minor", "stock",
            "available", "first_seen_at",
        )
    }  # fmt: skip
    titles = type(catalogue.titles).build([catalogue.titles[row] for row in range(kept)])
    parts = replace(made.factors, item=made.factors.item[:kept], trend=made.factors.trend[:kept])
    index, _ = build_index(parts.indexed, seed=1)
    no_visits = np.zeros(1, np.int64), np.empty(0, np.int32)
    rows = made.popular.rows < kept
    return replace(
        made,
        items=IdMap.build(made.items.ids(range(kept))),
        catalogue=replace(catalogue, titles=titles, **columns),
        factors=parts,
        item_index=index,
        similar=within(made.similar, kept, kept),
        sessions=table(*no_visits, kept, SessionsConfig()),
        bought_together=within(made.bought_together, kept, kept),
        popular=Candidates(made.popular.rows[rows], made.popular.scores[rows]),
        popular_by_category=within(made.popular_by_category, kept),
        popular_by_segment=within(made.popular_by_segment, kept),
        new_arrivals=Candidates(made.new_arrivals.rows[:0], made.new_arrivals.scores[:0]),
        words=replace(made.words, items=within(made.words.items, kept)),
        customer_items=histories(made.customer_items, kept),
        cycles=replace(made.cycles, **{
            name: getattr(made.cycles, name)[:kept]
            for name in made.cycles.__slots__
            if len(getattr(made.cycles, name)) == len(made.items)
        }),
    )  # fmt: skip


def within(lists: Lists, kept: int, length: int | None = None) -> Lists:
    """Without the rows from `kept` on, and only the first `length` lists."""
    picked = [lists.of(key, 10**6) for key in range(len(lists) if length is None else length)]
    masks = [found.rows < kept for found in picked]
    offsets = np.cumsum([0, *(int(mask.sum()) for mask in masks)]).astype(np.int64)
    nothing = Candidates(np.empty(0, np.int32), np.empty(0, np.float32))
    parts = [Candidates(f.rows[m], f.scores[m]) for f, m in zip(picked, masks, strict=True)]
    parts.append(nothing)
    return Lists(
        offsets,
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def histories(held: CustomerItems, kept: int) -> CustomerItems:
    mask = held.rows < kept
    counts = np.concatenate(([0], np.cumsum(mask)))
    columns = {
        name: getattr(held, name)[mask] for name in CustomerItems.__slots__ if name != "offsets"
    }
    return CustomerItems(counts[held.offsets].astype(np.int64), **columns)


def half_the_catalogue(made: Bundle) -> Bundle:
    return cut_items(made, len(made.items) // 2)


def half_the_customers(made: Bundle) -> Bundle:
    """The ids of the other half are those of strangers."""
    ids = made.customers.ids(range(len(made.customers)))
    return replace(
        made,
        customers=IdMap.build([f"~{i}" if n % 2 else i for n, i in enumerate(ids)]),
    )


def one_item_everywhere(made: Bundle) -> Bundle:
    """All lists and all popularity say row 0."""
    n, first = len(made.items), np.zeros(1, np.int32)
    only = Lists(np.arange(n + 1), np.zeros(n, np.int32), np.ones(n, np.float32))
    item = np.zeros_like(made.factors.item)
    item[0] = 1
    index, _ = build_index(item, seed=1)
    customers = np.abs(made.factors.customer) + 1
    rows = np.concatenate((first, np.arange(1, n, dtype=np.int32)))
    return replace(
        made,
        similar=only,
        factors=replace(made.factors, item=item, customer=customers, trend=np.ones(n, np.float32)),
        item_index=index,
        popular=Candidates(rows, np.linspace(2, 1, n).astype(np.float32)),
        customer_items=replace(
            made.customer_items, last_bought_at=np.zeros_like(made.customer_items.last_bought_at)
        ),
    )


def another_shop(made: Bundle) -> Bundle:
    ids = made.items.ids(range(len(made.items)))
    return replace(made, items=IdMap.build([f"other-{item}" for item in ids]))


def other_rows(made: Bundle) -> Bundle:
    """The item factors of another run, with their own index: sound, and about other items."""
    item = made.factors.item[RNG.permutation(len(made.items))]
    parts = replace(made.factors, item=item)
    index, _ = build_index(parts.indexed, seed=1)
    return replace(made, factors=parts, item_index=index)


def other_lists(made: Bundle) -> Bundle:
    order = RNG.permutation(len(made.items)).astype(np.int32)
    return replace(made, similar=broken(made.similar, rows=order[made.similar.rows]))


def index_of_another(made: Bundle) -> Bundle:
    index, _ = build_index(np.ascontiguousarray(made.factors.item[::-1]), seed=1)
    return replace(made, item_index=index)


def sold_out(made: Bundle) -> Bundle:
    gone = np.zeros_like(made.catalogue.available)
    return replace(made, catalogue=replace(made.catalogue, available=gone))


def mostly_sold_out(made: Bundle) -> Bundle:
    left = made.catalogue.available.copy()
    left[: int(len(left) * 0.7)] = False
    return replace(made, catalogue=replace(made.catalogue, available=left))


def factors(made: Bundle, **fields: np.ndarray) -> Bundle:
    return replace(made, factors=replace(made.factors, **fields))  # type: ignore[arg-type]


def visits(made: Bundle, **change: np.ndarray) -> Bundle:
    return replace(made, sessions=replace(made.sessions, **change))


Fault = Callable[[Bundle], Bundle]
FAULTS: dict[str, tuple[str, Fault]] = {
    "empty": ("empty", empty),
    "NaN in the customers' factors": (
        "finite", lambda b: factors(b, customer=nan(b.factors.customer))),
    "NaN in a list": (
        "finite", lambda b: replace(b, similar=broken(b.similar, scores=nan(b.similar.scores)))),
    "NaN in what is popular": (
        "finite",
        lambda b: replace(b, popular=Candidates(b.popular.rows, nan(b.popular.scores)))),
    "a row that is no item": (
        "rows",
        lambda b: replace(b, similar=broken(b.similar, rows=b.similar.rows + len(b.items)))),
    "a list of wrong length": (
        "rows",
        lambda b: replace(b, popular_by_category=within(b.popular_by_category, 300, 1))),
    "lists that begin nowhere": (
        "rows",
        lambda b: replace(b, similar=broken(b.similar, offsets=b.similar.offsets[::-1].copy()))),
    "visits of items that there are not": (
        "rows", lambda b: visits(b, items=b.sessions.items + len(b.items))),
    "holders that are no visits": (
        "rows", lambda b: visits(b, holders=b.sessions.holders + len(b.sessions))),
    "places outside of the visit": ("rows", lambda b: visits(b, places=b.sessions.places + 50)),
    "holders without places": ("rows", lambda b: visits(b, places=b.sessions.places[:-1])),
    "lists worst first": (
        "rows", lambda b: replace(b, similar=broken(b.similar, scores=-b.similar.scores))),
    "a popular item twice": (
        "rows",
        lambda b: replace(b, popular=Candidates(np.zeros_like(b.popular.rows), b.popular.scores))),
    "everything sold out": ("sellable", sold_out),
    "mostly sold out": ("lost_sellable", mostly_sold_out),
    "the index of another run": ("index", index_of_another),
    "item ids mixed up": ("histories", lambda b: replace(b, items=shuffled(b.items))),
    "customer ids mixed up": (
        "histories", lambda b: replace(b, customers=shuffled(b.customers))),
    "factors of other items": ("memory", other_rows),
    "lists of other items": ("memory", other_lists),
    "half the catalogue": ("lost_items", half_the_catalogue),
    "half the customers": ("lost_customers", half_the_customers),
    "another shop's catalogue": ("catalogue_overlap", another_shop),
    "stale data": (
        "freshness", lambda b: changed(b, watermark=b.manifest.watermark - 9 * DAY_MS)),
    "a stream that goes back": ("stream", lambda b: changed(b, stream_through="5-1")),
    "a single item everywhere": ("one_item", one_item_everywhere),
}  # fmt: skip


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
