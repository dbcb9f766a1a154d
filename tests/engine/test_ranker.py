"""A learned order on the path, in the tea shop of tests/worlds.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle
from engine.bundle_files import read_bundle, write_bundle
from engine.errors import BundleError
from engine.events import EventType
from engine.forest import EVERY_LEAF, LEAVES, Forests
from engine.query import Query
from engine.rank_features import FEATURES, LONG_AGO, case_of, columns_of
from engine.ranker import by_source, rank, ranked
from engine.ranking import fuse
from engine.recommend import recommend, retrieve
from engine.shop import check_shop
from engine.slots import SlotPlan, check_slots
from engine.text import TextColumn
from engine.types import Slate
from tests.engine.asking import TITLE, query, rows
from tests.worlds import (
    BLACK,
    CUP,
    GREEN,
    GUIDE,
    ITEMS,
    MILK,
    POPULAR,
    POT,
    SHOP,
    bundle,
    event,
)

MIXED = {"sources": {"similar": 1, "popular": 1}, "repeat": "always"}
CAPACITY = EVERY_LEAF - 1  # every leaf but the first


def stump(feature: str, edge: float, gain: float) -> Forests:
    """A ranker of the slot `tea`: what is above the edge gains so much, the rest nothing."""
    features = tuple(FEATURES)
    place = features.index(feature)
    starts = [0 if one <= place else 1 for one in range(len(features) + 1)]
    masks = [EVERY_LEAF] * (place + 1) + [CAPACITY] + [EVERY_LEAF] * (len(features) - place - 1)
    return Forests(
        TextColumn.build(["tea"]),
        TextColumn.build(features),
        np.array([starts], np.int64),
        np.array([edge], np.float32),
        np.array(masks, np.uint8)[:, np.newaxis],
        np.array([[[0, gain, *[0] * (LEAVES - 2)]]], np.float32),
    )


def tea(forests: Forests | None = None) -> Bundle:
    made = bundle()
    return made if forests is None else replace(made, forests=forests)


def plan(**settings: object) -> SlotPlan:
    raw = {"tea": {"title": TITLE, "ranker": "tea", **MIXED, **settings}}
    return check_slots(raw, "slots.toml", check_shop(SHOP, "shop.toml"))["tea"]


def asked_by_mei(forests: Forests | None = None, **settings: object) -> Slate:
    made = tea(forests)
    return recommend(query(made, customer_id="mei"), plan(**settings), made)


def test_the_ranker_puts_first_what_it_has_learned_to() -> None:
    # mei bought green and saw pot; cup is like both and popular
    assert rows(asked_by_mei()) == [CUP, GREEN, BLACK, MILK, POT, GUIDE]
    dear_first = stump("price_ratio", 1.0, 5.0)  # above the mean of green's and pot's: pot alone
    assert rows(asked_by_mei(dear_first)) == [POT, CUP, GREEN, BLACK, MILK, GUIDE]
    a_little = stump("price_ratio", 1.0, 0.1)  # is not enough to pass anybody
    assert rows(asked_by_mei(a_little)) == rows(asked_by_mei())


def test_an_item_keeps_its_source_and_its_reason_wherever_it_is_put() -> None:
    told = {one.row: (one.source, one.reason, one.because) for one in asked_by_mei().items}
    slate = asked_by_mei(stump("price_ratio", 1.0, 5.0))
    assert {one.row: (one.source, one.reason, one.because) for one in slate.items} == told
    scores = [one.score for one in slate.items]
    assert scores == sorted(scores, reverse=True)
    assert scores == [one.score for one in asked_by_mei().items]  # they belong to the places


def test_without_a_ranker_of_that_name_the_order_stays() -> None:
    dear_first = stump("price_ratio", 1.0, 5.0)
    plain = rows(asked_by_mei())
    assert rows(asked_by_mei(dear_first, ranker=None)) == plain
    made = tea(replace(dear_first, names=TextColumn.build(["other"])))
    assert rows(recommend(query(made, customer_id="mei"), plan(), made)) == plain
    assert plan().unranked().slot_for(query(tea())).ranker is None


def test_only_the_best_of_a_pool_are_ranked_and_the_others_stay_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (ranked(6), ranked(20), ranked(200)) == (50, 50, 400)
    monkeypatch.setattr("engine.ranker.RANKED", 2)
    made = tea(stump("price_ratio", 1.0, 5.0))
    asked, slot = query(made, customer_id="mei", n=1), plan().base
    found = retrieve(asked, slot, made)
    pool = fuse(found, tuple(slot.sources.values()))
    best = rank(pool, found, asked, slot, made)
    assert best.rows.tolist() == pool.rows.tolist()  # pot is third at best: too far behind
    assert len(best) == len(pool) > 2


def test_a_bundle_keeps_its_rankers(tmp_path: Path) -> None:
    write_bundle(tea(stump("age_days", 3.0, 1.0)), tmp_path)
    kept = read_bundle(tmp_path)
    assert list(kept.rankers) == ["tea"]
    assert kept.rankers["tea"].features == ("age_days",)
    columns = np.array([[3.0, 3.1]], np.float32)
    assert kept.rankers["tea"].scores(columns).tolist() == [0, 1]


def test_a_bundle_whose_ranker_looks_at_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    forests = stump("age_days", 3.0, 1.0)
    names = ["star_sign" if name == "age_days" else name for name in FEATURES]
    write_bundle(tea(replace(forests, features=TextColumn.build(names))), tmp_path)
    with pytest.raises(BundleError, match="this code has no features star_sign; train again"):
        read_bundle(tmp_path)


def features(made: Bundle, asked: Query, **slot: object) -> dict[str, list[float]]:
    """By name, a number for each item in the order of rows."""
    chosen = plan(**slot).base
    case = case_of(
        np.arange(len(ITEMS), dtype=np.int32),
        by_source(chosen, retrieve(asked, chosen, made)),
        asked,
        made,
    )
    columns = columns_of(tuple(FEATURES), case)
    return {
        name: [round(float(one), 4) for one in column]
        for name, column in zip(FEATURES, columns, strict=True)
    }


def test_what_a_ranker_sees_of_a_customer() -> None:
    made = tea()
    seen = features(made, query(made, customer_id="mei"))
    # green (two units, then one) was bought last on day 10 of 30 and lasts 20 days; pot was seen
    assert seen["units"] == [3, 0, 0, 0, 0, 0]
    assert seen["behind_days"] == [19, LONG_AGO, LONG_AGO, LONG_AGO, 0, LONG_AGO]
    assert seen["progress"][GREEN] == 1
    assert seen["progress"][POT] > 100  # never
    assert seen["progress"][BLACK] == LONG_AGO
    assert seen["frequency"][GREEN] > 1 > seen["frequency"][POT] == 0
    assert seen["interest"][GREEN] > seen["interest"][POT] > 0 == seen["interest"][CUP]
    assert seen["price_ratio"] == [0.4, 0.48, 0.08, 0.24, 1.6, -0.0001]  # mean of 5000 and 20000
    of_tea = seen["brand_share"][GREEN]
    crockery = round(1 - of_tea, 4)
    assert seen["brand_share"] == [of_tea, of_tea, 0, crockery, crockery, 0]
    assert seen["category_share"] == seen["brand_share"]
    assert 0.5 < of_tea < 1


def test_what_a_ranker_sees_of_an_item() -> None:
    made = tea()
    made = replace(made, factors=replace(made.factors, trend=np.arange(6, dtype=np.float32)))
    seen = features(made, query(made))
    assert seen["trend"] == [0, 1, 2, 3, 4, 5]
    assert seen["age_days"] == [30.0] * 6
    mean = sum(POPULAR.values()) / len(POPULAR)
    assert seen["demand"] == [round(POPULAR[row] / mean, 4) for row in range(6)]
    assert seen["score_als"] == [0] * 6  # the slot does not ask it
    of_customer = ("units", "frequency", "interest", "price_ratio", "brand_share", "score_similar")
    assert all(seen[name] == [0] * 6 for name in of_customer)
    assert seen["behind_days"] == seen["progress"] == [LONG_AGO] * 6


def test_what_a_source_gives_counts_in_means_of_its_best() -> None:
    made = tea()
    seen = features(made, query(made, context_items=("green",)), sources={"context": 1})
    assert seen["score_context"] == [0, round(0.9 / 0.7, 4), 0, round(0.5 / 0.7, 4), 0, 0]


def test_of_who_opted_out_a_ranker_sees_what_it_sees_of_a_stranger() -> None:
    made = tea()
    refusal = event(9, EventType.CONSENT, None, 30, properties={"personal": False})
    refused = query(made, refusal, customer_id="mei")
    assert not refused.customer.personal
    assert features(made, refused) == features(made, query(made))
