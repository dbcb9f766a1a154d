"""From a log to a published bundle, on a simulated shop of 400 customers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.bundle import Bundle
from engine.bundle_files import VALUES, read_bundle, read_manifest
from engine.columns import flatten
from engine.errors import ConfigError, LogError
from engine.query import Asked, enrich
from engine.recommend import recommend
from engine.types import DAY_MS
from tests.conftest import CONFIG, CREATED_AT, Trained, searching, silent
from training import batch, crew
from training.assemble import Source
from training.evaluate import (
    PERSONAL,
    POPULAR,
    evaluate,
    every_source,
    personal_and_popular,
    split_of,
)
from training.log import LogHeader, conform
from training.publish import current
from training.slates import SOURCES, slates_for
from training.train import in_currency_of, open_source, read_settings, require_past, train

SETTINGS = searching(read_settings(CONFIG))


def live(trained: Trained):  # type: ignore[no-untyped-def]
    return read_bundle(trained.bundles / str(current(trained.bundles)))


def test_what_is_published_says_what_it_was_made_from(trained: Trained) -> None:
    manifest = read_manifest(trained.bundles / str(current(trained.bundles)))
    log = pl.read_parquet(trained.log)
    assert manifest.counts["events"] == log.height
    assert manifest.counts["customers"] == log["customer_id"].drop_nulls().n_unique()
    assert manifest.counts["items"] == 300
    assert manifest.watermark == log["at"].dt.epoch("ms").max()
    assert manifest.first_event_at == log["at"].dt.epoch("ms").min()
    assert manifest.created_at == CREATED_AT
    assert manifest.index["recall"] == 1
    told = manifest.metrics["personal"]
    assert isinstance(told, dict)
    assert set(told) == {"everything", "new_items"}
    first, *rest = trained.steps
    parts = [step for step in rest if step.startswith("search (")]
    assert (first, parts) == ("search", [f"search ({place} of 7)" for place in range(1, 8)])
    assert rest[: len(parts)] == parts
    assert rest[len(parts)].startswith("hold-out")
    assert trained.steps[-1] == "publish"


def test_the_personal_path_beats_what_is_popular(trained: Trained) -> None:
    personal, popular = trained.evaluation.lines
    assert (personal.name, popular.name) == (PERSONAL, POPULAR)
    assert personal.everything["recall@20"] > 2 * popular.everything["recall@20"]
    assert personal.new_items["ndcg@20"] > popular.new_items["ndcg@20"]
    assert personal.everything["coverage@20"] > 3 * popular.everything["coverage@20"]


def test_the_same_log_configuration_and_seed_give_the_same_version(
    trained: Trained, tmp_path: Path
) -> None:
    source = open_source(trained.log, None)
    published = read_manifest(trained.bundles / str(current(trained.bundles)))
    for folder in (tmp_path, trained.bundles):  # where nothing is live, and where its like is
        again, _ = train(source, SETTINGS, folder, now=lambda: CREATED_AT, say=silent)
        assert again.files == published.files
        assert again.version == published.version
    other = replace(SETTINGS, train=SETTINGS.train.model_copy(update={"seed": 8}))
    differs, _ = train(source, other, tmp_path, now=lambda: CREATED_AT, say=silent)
    assert differs.version != published.version


def test_nothing_after_the_cut_reaches_the_hold_outs_bundle(trained: Trained) -> None:
    """Two logs of one past and two futures: `evaluate` judges the same bundle on both."""
    source = open_source(trained.log, None)
    split, _ = split_of(source, SETTINGS.train)
    other = source.of(pl.concat([split.train, garbage_of(split.test)]).sort("at", "event_id"))
    bundles: list[Bundle] = []
    judged = [
        evaluate(each, SETTINGS.shop, SETTINGS.train, {}, silent, bundles.append).split
        for each in (source, other)
    ]
    assert judged[0] == judged[1], "both logs are cut at one instant"
    one, two = (parts_of(bundle) for bundle in bundles)
    assert one.keys() == two.keys()
    assert [name for name in one if not np.array_equal(one[name], two[name])] == []
    for name in ("manifest", "thresholds", "shop"):
        assert getattr(bundles[0], name) == getattr(bundles[1], name), name
    last = split.train.select(pl.col("at").dt.epoch("ms").max()).collect().item()
    assert bundles[0].manifest.watermark == last


def garbage_of(future: pl.LazyFrame) -> pl.LazyFrame:
    """As many events at the same instants, all else another: people, items, prices, orders."""
    known = future.with_columns(
        pl.col("customer_id", "item_id", "order_id").reverse(),
        event_id="x" + pl.col("event_id"),
        visitor_id=pl.lit("somebody"),
        type=pl.lit("purchase"),
        quantity=pl.lit(7, pl.Int64),
        unit_price_minor=pl.lit(10**7, pl.Int64),
    )
    strange = known.with_columns(
        *(pl.col(name) + "?" for name in ("event_id", "customer_id", "item_id", "order_id"))
    )
    return pl.concat([known, strange])


def parts_of(bundle: Bundle) -> dict[str, np.ndarray]:
    """Every array of the bundle, and what its index finds."""
    arrays: dict[str, np.ndarray] = {}
    for name in VALUES:
        arrays |= flatten(name, getattr(bundle, name))
    found, scores = bundle.item_index.search_many(bundle.factors.item, 20)
    return arrays | {"index.rows": found, "index.scores": scores}


def test_a_customer_of_the_bundle_is_who_the_log_says(trained: Trained) -> None:
    bundle = live(trained)
    everything = pl.read_parquet(trained.log)
    refunded = everything.filter(pl.col("type") == "refund")
    log = everything.filter(pl.col("type") == "purchase", pl.col("customer_id").is_not_null()).join(
        refunded, on="customer_id", how="anti"
    )
    orders = log.group_by("customer_id").agg(pl.col("order_id").n_unique()).sort("customer_id")
    for customer, count in orders.sample(30, seed=1).rows():
        query = enrich(Asked(n=1, customer_id=customer), bundle, bundle.manifest.watermark)
        assert query.customer.orders == count
        assert query.customer.buyer
        items = set(log.filter(pl.col("customer_id") == customer)["item_id"])
        known = {bundle.items.id(row) for row in query.history.rows[query.history.bought > 0]}
        assert known <= items


def test_slates_of_many_are_the_slates_of_each(trained: Trained) -> None:
    bundle, plan = live(trained), SETTINGS.slots["home"]
    many = np.arange(150, dtype=np.int32)[::-1]
    for customers in (np.array([5, 3, 11], np.int32), many):
        slates = slates_for(customers, plan, bundle, 10, processes=2)
        for line, row in enumerate(customers.tolist()):
            asked = Asked(n=10, customer_id=bundle.customers.id(row))
            slate = recommend(enrich(asked, bundle, bundle.manifest.watermark), plan, bundle)
            assert slates.rows[line].tolist() == [served.row for served in slate.items]
            assert [SOURCES[code] for code in slates.sources[line]] == [
                served.source for served in slate.items
            ]
    assert slates_for(many[:0], plan, bundle, 10).rows.shape == (0, 10)


def test_a_batch_holds_every_customer_in_order_of_position(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = live(trained)
    out = tmp_path / "recs.parquet"
    monkeypatch.setattr(crew, "BLOCK", 150)
    done: list[int] = []
    lines = batch.write_batch(bundle, SETTINGS.slots["home"], 5, out, progress=done.append)
    assert sum(done) == len(bundle.customers), "how many more, as a bar advances"
    assert len(done) == 4, "two rounds of two processes, each of 150 customers at most"
    table = pl.read_parquet(out)
    assert table.columns == ["customer_id", "position", "item_id", "score", "source"]
    assert lines == table.height == 5 * len(bundle.customers)
    assert table["customer_id"].n_unique() == len(bundle.customers)
    assert (
        table.group_by("customer_id")
        .agg(pl.col("position").sort())
        .select((pl.col("position") == pl.lit([1, 2, 3, 4, 5], pl.List(pl.Int32))).all())
        .item()
    )
    bought = pl.read_parquet(trained.log).filter(pl.col("type") == "purchase")
    kept = bought.group_by("customer_id", "item_id").agg(pl.col("quantity").sum())
    refunds = pl.read_parquet(trained.log).filter(pl.col("type") == "refund")
    again = table.join(kept, on=["customer_id", "item_id"]).join(
        refunds, on=["customer_id", "item_id"], how="anti"
    )
    orders = bought.join(refunds, on=["customer_id", "order_id"], how="anti")
    newest = orders.group_by("customer_id").agg(pl.col("at").dt.epoch("ms").max())
    asleep = pl.col("at") < bundle.manifest.watermark - 90 * DAY_MS
    stages = again.unique("customer_id").join(newest, on="customer_id").select(asleep)
    assert stages.height, "who sleeps sees again what they used to buy"
    assert stages.to_series().all(), "home never shows to anybody else what they bought"


def test_every_source_is_measured_beside_the_path(trained: Trained) -> None:
    source = open_source(trained.log, None)
    few = SETTINGS.train.evaluation.model_copy(update={"customers": 40})
    config = SETTINGS.train.model_copy(update={"evaluation": few})
    plans = every_source(SETTINGS.slots, config, 0.3)
    evaluation = evaluate(source, SETTINGS.shop, config, plans, silent)
    assert {line.name for line in evaluation.lines} == set(plans)
    assert evaluation.customers == 40
    told = evaluation.as_json()
    assert set(plans) < set(told)
    again = {line.name: line for line in evaluation.lines}["again"]
    assert again.everything["recall@10"] > again.new_items["recall@10"]


def test_a_log_without_times_is_judged_on_pairs_drawn_at_random() -> None:
    rng = np.random.default_rng(1)
    pairs = sorted(
        {(int(c), int(c) % 4 * 10 + int(i)) for c, i in rng.integers(0, 10, (600, 2)) * [6, 1]}
    )
    lines = pl.DataFrame(
        {
            "event_id": [f"e{n}" for n in range(len(pairs))],
            "type": "purchase",
            "at": 0,
            "customer_id": [f"c{c}" for c, _ in pairs],
            "item_id": [f"i{i}" for _, i in pairs],
            "quantity": 1,
        }
    )
    source = Source(conform(lines).lazy(), LogHeader(timeless=True), None)
    plans = personal_and_popular(SETTINGS.slots, SETTINGS.train)
    evaluation = evaluate(source, SETTINGS.shop, SETTINGS.train, plans, silent)
    assert evaluation.split == "20% of the pairs at random"
    assert evaluation.customers == evaluation.customers_new > 0


def test_a_log_that_counts_money_in_other_units_is_refused() -> None:
    assert in_currency_of(SETTINGS.shop, LogHeader("GBP", 2)).shop.currency == "GBP"
    with pytest.raises(ConfigError, match="minor_units is 2, the log's money has 0"):
        in_currency_of(SETTINGS.shop, LogHeader("JPY", 0))


def test_events_in_the_future_are_refused_and_counted_before_anything_is_trained(
    small_log: Path, tmp_path: Path
) -> None:
    source = open_source(small_log, None)
    last = source.log.select(pl.col("at").dt.epoch("ms").max()).collect().item()
    require_past(source, last - DAY_MS)
    with pytest.raises(LogError, match="2 events of the log lie more than a day in the future"):
        require_past(source, last - DAY_MS - 1)
    steps: list[str] = []
    with pytest.raises(LogError, match="import the source again"):
        train(source, SETTINGS, tmp_path, now=lambda: 1, say=steps.append)
    assert steps == []
    timeless = Source(source.log, LogHeader(timeless=True), None)
    require_past(timeless, 1)


def test_a_catalogue_that_is_not_there_is_an_error(small_log: Path, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such catalogue"):
        open_source(small_log, tmp_path / "nothing.parquet")
    with pytest.raises(LogError, match="does not exist"):
        open_source(tmp_path / "nothing.parquet", None)
