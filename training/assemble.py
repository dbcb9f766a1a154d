"""From a log to a bundle in memory: the same for the hold-out and for what is published."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed_version

import numpy as np
import polars as pl

from engine.ann import Index, IndexReport, build_index
from engine.bundle import NO_LINKED, Bundle, Factors, Linked, Manifest, Words
from engine.by_category import ByCategory
from engine.catalogue import Catalogue
from engine.customers.identity import NOBODY_LINKED, Identity
from engine.customers.snapshot import CustomerSnapshot
from engine.customers.thresholds import Thresholds
from engine.errors import LogError
from engine.ids import IdMap
from engine.item_history import CustomerItems
from engine.shop import ShopConfig, schemes_of
from engine.types import Candidates, Instants, Lists, Mask, Scores
from training.catalogue import catalogue_of, listed_in, words_index
from training.config import TrainConfig
from training.consent import opted_out, without_people
from training.customer_tastes import tastes_of_all
from training.customers import assess_all, cycles, population, snapshot
from training.interactions import Interactions, read_interactions, without
from training.log import LogHeader
from training.log_lines import referrers_told
from training.models import (
    alike,
    als,
    blend,
    bought_together,
    new_arrivals,
    popularity,
    sessions,
    trend,
)
from training.models.daily import daily
from training.people import linked_of
from training.ragged import as_lists
from training.renewal import renewal
from training.reuse import Do, afresh
from training.visitors import joined, visitors_of

Say = Callable[[str], None]


def unheard(said: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a bundle is made from."""

    log: pl.LazyFrame  # training.log.SCHEMA, in the order of time, each person under one id
    header: LogHeader
    items: pl.DataFrame | None  # training.log.ITEMS_SCHEMA
    identity: Identity = NOBODY_LINKED
    raw: pl.LazyFrame | None = None  # the log as it lies; None: as `log`
    erased_at: int = 0  # epoch ms of the last erasure of people who are not in it

    def of(self, log: pl.LazyFrame) -> "Source":
        """Another part of the log; the catalogue is not dated and stays. Who is who is not asked
        of a part: in it everybody is under one id already.
        """
        return Source(log, self.header, self.items, erased_at=self.erased_at)


def read_source(source: Source, shop: ShopConfig) -> Interactions:
    extra = [] if source.items is None else source.items["item_id"].to_list()
    return read_interactions(
        source.log,
        shop.interactions,
        extra_items=extra,
        extra_customers=referrers_told(source.log),
    )


def require_log_of(bundle: Bundle, source: Source) -> None:
    """Raises LogError for a log that is not the one which the bundle was trained on."""
    at = pl.col("at").dt.epoch("ms")
    known = source.log.filter(at <= bundle.manifest.watermark)
    first, events = known.select(at.min(), pl.len()).collect().row(0)
    if (first, events) != (bundle.manifest.first_event_at, bundle.manifest.counts["events"]):
        raise LogError(
            f"this is not the log of bundle {bundle.version}: it was trained on "
            f"{bundle.manifest.counts['events']} events, the log holds {events} up to its end; "
            "name the log that caini train was given, or train on this one"
        )


def assemble(
    source: Source,
    data: Interactions,
    shop: ShopConfig,
    train: TrainConfig,
    say: Say,
    start: als.Start | None = None,
    *,
    do: Do = afresh,
) -> Bundle:
    """Fit every model on the whole of `source`, of which `data` has been read.

    Who opted out of personal answers teaches no model: what they see does not depend on what they
    did in any way. Their standing, which prices depend on, is kept, and counts where the standing
    of others is found: a class is a place among all customers.

    Deterministic for one source, configuration, seed and `start` of the factors (None: at random).
    `do` may know steps that were done for another bundle of the same source.
    """
    out = do(opted_out, source.log)
    heard = do(without_people, source.log, out)
    seen = do(first_seen, heard, data.item_ids, data.watermark)
    catalogue = do(catalogue_of, source.items, data.item_ids, seen)
    listed = do(listed_in, source.items, data.item_ids)
    say("customers")
    people, thresholds, members = _customers(source, data, catalogue, shop, do)
    customers = do(IdMap.build, data.customer_ids)
    learnt = do(without, data, do(_rows_of, out.customers, customers, data))
    say("factors")
    interest = do(daily, learnt)
    rises = do(trend.fit, learnt, interest, train.trend)
    model = do(als.fit, learnt, train.als, seed=train.seed, threads=train.threads, start=start)
    factors, index, report = do(_indexed, model, rises, data.n_customers, train.seed)
    say("similar items")
    similar = do(blend.fit, learnt, train.similar, trend=rises, threads=train.threads)
    say("baskets")
    together = do(bought_together.fit, learnt, train.bought_together, threads=train.threads)
    say("what is bought again")
    days = do(cycles, heard, data.item_ids, catalogue, shop.repurchase)
    again = do(renewal, heard, shop.interactions, data, catalogue, days, shop.repurchase)
    say("popularity")
    popular = do(popularity.fit, interest, train.popularity)
    return Bundle(
        manifest=_manifest(source, data, train, asdict(report)),
        shop=shop,
        thresholds=thresholds,
        items=IdMap.build(data.item_ids),
        catalogue=catalogue,
        customers=customers,
        snapshot=people,
        customer_items=customer_items(data),
        factors=factors,
        item_index=index,
        similar=similar,
        alike=do(alike.fit, learnt, similar, threads=train.threads),
        sessions=do(sessions.fit, learnt, train.sessions),
        bought_together=together,
        popular=popular,
        popular_by_category=do(by_category, popular, catalogue, train.popularity.list_length),
        popular_by_segment=popularity.by_segment(interest, members, train.popularity),
        new_arrivals=do(new_arrivals.fit, learnt, train.new_arrivals, listed),
        words=do(_words, catalogue, popular),
        cycles=again.cycles,
        renewal=again.renewal,
        visitors=do(visitors_of, source.log, customers),
        linked=_linked(source, data, shop),
    )


def _indexed(
    model: als.AlsModel, rises: Scores, n_customers: int, seed: int
) -> tuple[Factors, Index, IndexReport]:
    factors = Factors(
        item=model.item_factors,
        customer=model.customer_factors,
        gram=model.item_gram,
        fold=np.array([model.alpha, model.regularization], np.float32),
        trend=rises,
        rarity=model.rarity,
    )
    asked = model.customer_factors if n_customers else None  # what will be asked for
    return factors, *build_index(factors.indexed, seed=seed, queries=asked)


def _words(catalogue: Catalogue, popular: Candidates) -> Words:
    return Words(*words_index(catalogue, popular.rows))


def _linked(source: Source, data: Interactions, shop: ShopConfig) -> Linked:
    if source.raw is None:
        return NO_LINKED
    return linked_of(source.raw, source.identity, data.item_ids, shop.interactions, data.watermark)


def first_seen(log: pl.LazyFrame, item_ids: Sequence[str], otherwise: int) -> Instants:
    """When each item was first met in the log; `otherwise` for one that never was."""
    firsts = (
        log.filter(pl.col("item_id").is_not_null())
        .group_by("item_id")
        .agg(pl.col("at").dt.epoch("ms").min())
        .collect()
    )
    order = pl.DataFrame({"item_id": list(item_ids)}, schema={"item_id": pl.String})
    found = order.join(firsts, on="item_id", how="left", maintain_order="left")
    return found["at"].fill_null(otherwise).to_numpy()


def _customers(
    source: Source, data: Interactions, catalogue: Catalogue, shop: ShopConfig, do: Do
) -> tuple[CustomerSnapshot, Thresholds, list[Mask]]:
    """The fold of everybody, the population's thresholds, and who is in each segment."""
    schemes = schemes_of(shop)
    people = do(_people, source.log, data.customer_ids)
    tastes = tastes_of_all(data, catalogue)
    thresholds = population(people, schemes, data.watermark, tastes)
    states = assess_all(people, thresholds, schemes, data.watermark, tastes)
    segments = states["segment"].to_numpy()
    return people, thresholds, [segments == row for row in range(len(shop.segments))]


def _people(log: pl.LazyFrame, customer_ids: Sequence[str]) -> CustomerSnapshot:
    return snapshot(joined(log), customer_ids)


def _rows_of(customer_ids: list[str], customers: IdMap, data: Interactions) -> Mask:
    found = np.zeros(data.n_rows, np.bool_)
    found[customers.rows(customer_ids)] = True
    return found


def customer_items(data: Interactions) -> CustomerItems:
    """The pairs of customers; those of anonymous visitors and baskets stay behind."""
    offsets = data.offsets[: data.n_customers + 1]
    return CustomerItems(offsets, **data.item_columns(slice(0, int(offsets[-1]))))


def by_category(popular: Candidates, catalogue: Catalogue, length: int) -> Lists:
    """The order of `popular` within each category and all that is below it."""
    found = ByCategory(popular, catalogue)
    return as_lists([found.within(code, length) for code in range(len(catalogue.category_end))])


def _manifest(
    source: Source, data: Interactions, train: TrainConfig, index: dict[str, object]
) -> Manifest:
    window = source.log.select(first=pl.col("at").dt.epoch("ms").min(), events=pl.len()).collect()
    return Manifest(
        code_version=installed_version("caini"),
        seed=train.seed,
        first_event_at=window["first"].item(),
        watermark=data.watermark,
        stream_through=source.header.stream_through,
        erased_at=source.erased_at,
        timeless=source.header.timeless,
        counts={
            "events": window["events"].item(),
            "customers": data.n_customers,
            "items": data.n_items,
            "pairs": int(data.offsets[data.n_customers]),
            "anonymous": data.n_rows - data.n_customers,
        },
        settings=train.model_dump(mode="json"),
        index=index,
    )
