"""Scores of each model at the pools of an exam, made once, within a budget of work.

The budget is counted in work, not in time: the same log gives the same trials on any machine.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Rows
from training.exam import Exam, Floats, best_means, make_exam, proposed
from training.interactions import Interactions
from training.models import als, ease, local_ridge, trend
from training.models.als import AlsConfig
from training.models.blend import BlendConfig
from training.models.cooccurrence import CooccurrenceConfig, scales, table
from training.models.daily import Daily
from training.models.ridge import RidgeConfig
from training.models.trend import TrendConfig
from training.pairs import Pairs, by_item, liked, totals
from training.scorers import Scorer, Table, counting, factoring, listing, tabling, work_of
from training.setting import Setting
from training.split import Truth

# seconds of two cores, measured on gowalla, online-retail and a shop of a million customers
COUNT_S: Final = 1 / 600e6  # a pair of pairs
EASE_S: Final = 1 / 5e10  # items³
LOCAL_S: Final = 1 / 3.3e9  # items × neighbourhood³
ALS_LINE_S: Final = 1 / 13.5e6  # (lines + items) × factors × iterations: above 64, linear in them
ALS_PAIR_S: Final = 1 / 200e6  # pairs × factors × iterations
DEPTH: Final = 150  # of each view: what is in play
FIRST: Final = 0.15  # decision: share of the budget that one way of counting may take
VIEWS: Final = (0.1, 0.4)  # target exponents that decide what is in play
VIEW_TREND: Final = 0.5
VIEW_RARITY: Final = 0.2
NEAR_BY: Final = 5.0  # places, of a line without times

Fading = tuple[float, float | None]


class Bank:
    """Owns what was scored so far, and what is left of the budget."""

    def __init__(
        self, data: Interactions, interest: Daily, truth: Truth, budget_s: float, seed: int
    ) -> None:
        self.data, self.interest, self.seed = data, interest, seed
        self.left_s = budget_s
        self.small = data.n_items <= BlendConfig().ease_limit
        self.rows: Pairs = liked(data, CooccurrenceConfig().history_limit)
        self.columns: Pairs = by_item(self.rows)
        self.totals = np.maximum(totals(self.columns), 1e-12)
        self.truth = self._within(truth, budget_s * FIRST)
        self.work_s = float(self._work()[self.truth.customers].sum()) * COUNT_S
        self._pieces: dict[str, Table | None] = {}
        self._table: tuple[tuple[float, Fading], Table] | None = None  # the last one made
        self._made: dict[str, tuple[Hashable, Table | None]] = {}  # the last of each name

    def _within(self, truth: Truth, most_s: float) -> Truth:
        """As many customers as one pass of counting can pay for; at least one."""
        work = self._work()[truth.customers] * COUNT_S
        if work.sum() <= most_s:
            return truth
        order = np.random.default_rng(self.seed).permutation(len(truth))
        count = max(1, int((np.cumsum(work[order]) <= most_s).sum()))
        return truth.take(np.sort(order[:count]).astype(np.int32))

    def _work(self) -> NDArray[np.int64]:
        """(n_rows,) of one way of counting, a table's share included."""
        if not self.small:
            return work_of(self.rows, self.columns)
        lengths = np.diff(self.rows.offsets)
        table_work = int(np.square(lengths).sum()) // max(len(lengths), 1)
        found: NDArray[np.int64] = lengths * self.data.n_items + table_work
        return found

    def open(self, start: Setting, *, k: int, threads: int, alone: bool = False) -> None:
        """Decides what is in play: by every source that the budget pays for, or counting alone."""
        self.threads = threads
        way = start.blend.cooccurrence[0]
        views, flat = self._views(), np.ones((1, self.data.n_items), np.float32)
        sources = [(self._counter(one), views) for one in self._counted_in_play(way)]
        self.left_s -= self.work_s * len(sources)
        ridge = None if alone else self._ridge_scorer(start.blend)
        factors = None if alone else self._als_scorer(start.als)
        rare = np.stack([flat[0], als.rarity(self.totals, VIEW_RARITY)])
        asked = ((ridge, flat), (factors, rare))
        sources += [(scorer, seen) for scorer, seen in asked if scorer is not None]
        proposals: list[Rows] = [
            proposed(self.data, self.truth, scorer, views, depth=DEPTH, threads=threads)
            for scorer, views in sources
        ]
        self.exam: Exam = make_exam(self.data, self.truth, proposals, k=k, threads=threads)
        for key, scorer in (
            (_ridge_key(start.blend.ridge), ridge),
            (_als_key(start.als), factors),
        ):
            self._pieces[key] = None if scorer is None else self.exam.at_pools(scorer)

    def counted(self, way: CooccurrenceConfig) -> Table | None:
        """None where the budget does not pay for it; so for all of these."""
        key = f"{way.customer_exponent}/{way.source_exponent}/{_fading(way)}"
        if key not in self._pieces:
            paid = self._pay(self.work_s)
            self._pieces[key] = self.exam.at_pools(self._counter(way)) if paid else None
        found = self._pieces[key]
        if found is None:
            return None
        return found * self.exam.of_items((self.totals**-way.target_exponent).astype(np.float32))

    def ridge(self, blend: BlendConfig) -> Table | None:
        key = _ridge_key(blend.ridge)
        if key not in self._pieces:
            scorer = self._ridge_scorer(blend)
            self._pieces[key] = None if scorer is None else self.exam.at_pools(scorer)
        return self._pieces[key]

    def factors(self, config: AlsConfig) -> Table | None:
        key = _als_key(config)
        if key not in self._pieces:
            scorer = self._als_scorer(config)
            self._pieces[key] = None if scorer is None else self.exam.at_pools(scorer)
        found = self._pieces[key]
        if found is None:
            return None
        return found * self.exam.of_items(als.rarity(self.totals, config.target_exponent))

    def rises(self, config: TrendConfig) -> Table:
        return self.exam.of_items(trend.fit(self.data, self.interest, config))

    def once(self, name: str, key: Hashable, make: Callable[[], Table | None]) -> Table | None:
        """What `make` gave for the last key of this name; made again for another."""
        if name not in self._made or self._made[name][0] != key:
            self._made[name] = key, make()
        return self._made[name][1]

    def _counter(self, way: CooccurrenceConfig) -> Scorer:
        scale = scales(self.rows, self.columns, way)
        if not self.small:
            return counting(self.rows, self.columns, scale)
        key = (way.customer_exponent, _fading(way))
        if self._table is None or self._table[0] != key:
            even = np.ones_like(scale.sources)
            plain = replace(scale, sources=even, targets=even)
            self._table = key, table(self.rows, self.columns, plain, self.threads)
        return tabling(self.rows, self._table[1], scale.sources)

    def _counted_in_play(self, way: CooccurrenceConfig) -> tuple[CooccurrenceConfig, ...]:
        """Without times also what stands near by in the lines, whatever the start says of that."""
        if not self.data.timeless:
            return (way,)
        return tuple(
            way.model_copy(update={"pair_half_life_places": places}) for places in (None, NEAR_BY)
        )

    def _views(self) -> Table:
        views = [self.totals**-exponent for exponent in VIEWS]
        if not self.data.timeless:
            rises = trend.fit(self.data, self.interest, TrendConfig(exponent=VIEW_TREND))
            views += [view * rises for view in views]
        return np.stack(views).astype(np.float32)

    def _ridge_scorer(self, blend: BlendConfig) -> Scorer | None:
        n, config = self.data.n_items, blend.ridge
        small = n <= blend.ease_limit
        cost = n**3 * EASE_S if small else n * config.neighbourhood**3 * LOCAL_S
        if not self._pay(cost):
            return None
        model = ease if small else local_ridge
        return listing(self.data, model.fit(self.data, config, threads=self.threads))

    def _als_scorer(self, config: AlsConfig) -> Scorer | None:
        rows = self.rows
        each = (rows.n_lines + rows.n_members) * ALS_LINE_S + len(rows.members) * ALS_PAIR_S
        if not self._pay(each * config.factors * config.iterations):
            return None
        return factoring(als.fit(self.data, config, seed=self.seed, threads=self.threads))

    def _pay(self, cost_s: float) -> bool:
        if cost_s > self.left_s:
            return False
        self.left_s -= cost_s
        return True


def in_units(scores: Table) -> Table:
    """Divided by the mean of all customers' best, as a model is within the blend."""
    unit = float(best_means(scores).mean())
    return scores / np.float32(unit or 1.0)


def of_each(scores: Table | None) -> Table | None:
    """Divided by the mean of the customer's own best, as a source is within a slot."""
    if scores is None:
        return None
    means = best_means(scores)
    return scores / np.where(means > 0, means, 1).astype(np.float32)[:, np.newaxis]


def linear(bank: Bank, setting: Setting) -> Table | None:
    """The blend at the pools; without the ridge where that is too dear to try."""
    blend, rises = setting.blend, bank.rises(setting.trend)
    ridge = bank.ridge(blend) if blend.ridge_weight > 0 else None
    share = (1 - blend.ridge_weight) / len(blend.cooccurrence)
    total = np.zeros(rises.shape, np.float32)
    if blend.ridge_weight < 1 or ridge is None:
        for way in blend.cooccurrence:
            found = bank.counted(way)
            if found is None:
                return None
            total += np.float32(share or 1.0) * in_units(found * rises)
    if ridge is not None:
        total += np.float32(blend.ridge_weight) * in_units(ridge * rises)
    return total


def marks(bank: Bank, setting: Setting) -> Floats | None:
    """NDCG of each customer by this setting; None where the budget does not pay for it."""
    seen = (setting.blend.model_dump_json(), setting.trend)
    lists = bank.once("lists", seen, lambda: of_each(linear(bank, setting)))
    if lists is None or setting.als_share == 0:
        return None if lists is None else bank.exam.marks(lists)
    asked = (setting.als, setting.trend)
    factors = bank.once("factors", asked, lambda: of_each(_factors(bank, setting)))
    if factors is None:
        return None
    share = np.float32(setting.als_share)
    return bank.exam.marks((1 - share) * lists + share * factors)


def _factors(bank: Bank, setting: Setting) -> Table | None:
    found = bank.factors(setting.als)
    return None if found is None else found * bank.rises(setting.trend)


def _fading(way: CooccurrenceConfig) -> Fading:
    return way.pair_half_life_days, way.pair_half_life_places


def _ridge_key(config: RidgeConfig) -> str:
    return f"ridge {config.model_dump_json()}"


def _als_key(config: AlsConfig) -> str:
    """Of the fit: one serves every exponent of the targets."""
    return f"als {config.model_dump_json(exclude={'target_exponent'})}"
