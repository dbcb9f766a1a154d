"""Trees by LightGBM's lambdarank, handed on as arrays. The only file that imports lightgbm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.forest import EVERY_LEAF, LEAVES, Floats, Forests, Masks
from engine.text import TextColumn
from engine.types import Vectors
from training.rank_lists import NAMES, RankLists
from training.ranker_config import RankerConfig

if TYPE_CHECKING:
    from lightgbm import Booster

Document = dict[str, Any]
CUT: Final = 30  # places of a list whose order matters to the learner: LightGBM's default
BINS: Final = 63  # values of a feature that are told apart; more were no better on online-retail


@dataclass(frozen=True, slots=True)
class Condition:
    """Of one tree: a value above `edge` rules out these leaves, one bit each."""

    tree: int
    feature: int  # in NAMES
    edge: float
    ruled_out: int


@dataclass(frozen=True, slots=True)
class Trees:
    """What was learned for one slot."""

    conditions: tuple[Condition, ...]
    values: NDArray[np.float32]  # (n_trees, LEAVES)


def installed() -> str | None:
    """Why no ranker can be learned here; None where one can."""
    try:
        import lightgbm  # noqa: F401
    except ModuleNotFoundError:
        return "lightgbm is not installed: pip install caini[rank]"
    except OSError as error:  # of a library that it is linked with
        return f"lightgbm cannot be used: {error}"
    return None


def boost(lists: RankLists, config: RankerConfig, seed: int) -> Trees:
    """Corrections to `lists.base` that put what was wanted first, by the few features that matter.

    Learned twice: first with all features, then with those that gained most by themselves.
    Source: Burges, From RankNet to LambdaRank to LambdaMART (2010). One thread and a seed: the same
    lists give the same trees.
    """
    first = _trained(lists.columns, lists, config, seed)
    gains = first.feature_importance("gain")
    kept = np.sort(np.argsort(-gains, kind="stable")[: config.features])
    few = np.zeros_like(lists.columns)
    few[:, kept] = lists.columns[:, kept]
    booster = _trained(few, lists, config, seed)
    return trees_of(booster.dump_model()["tree_info"], config.trees)


def _trained(columns: Vectors, lists: RankLists, config: RankerConfig, seed: int) -> "Booster":
    import lightgbm

    settings = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": CUT,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.fewest_in_leaf,
        "lambda_l2": config.l2,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "max_bin": BINS,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }
    data = lightgbm.Dataset(
        columns, lists.hits.astype(np.int8), group=lists.sizes, init_score=lists.base
    )
    return lightgbm.train(settings, data, config.trees)


def trees_of(told: list[Document], count: int) -> Trees:
    """`told` as LightGBM's dump_model tells trees; where it stopped early, the rest give 0.

    Raises ValueError for a condition that is not "at most so much".
    """
    values = np.zeros((count, LEAVES), np.float32)
    conditions: list[Condition] = []
    for tree, document in enumerate(told):
        reader = _Reader(tree, values[tree], conditions)
        reader.read(document["tree_structure"], 0)
    return Trees(tuple(conditions), values)


@dataclass(frozen=True, slots=True)
class _Reader:
    tree: int
    values: NDArray[np.float32]  # (LEAVES,) filled while reading
    conditions: list[Condition]

    def read(self, node: Document, first: int) -> int:
        """Reads all below `node`, whose leaves begin at `first`; says where they end."""
        if "split_feature" not in node:
            self.values[first] = node["leaf_value"]
            return first + 1
        if node["decision_type"] != "<=" or node["missing_type"] != "None":
            raise ValueError(f"a condition that cannot be served: {node['decision_type']}")
        middle = self.read(node["left_child"], first)
        left = (1 << middle) - (1 << first)
        edge, feature = at_most(node["threshold"]), int(node["split_feature"])
        self.conditions.append(Condition(self.tree, feature, edge, left))
        return self.read(node["right_child"], middle)


def at_most(threshold: float) -> float:
    """The largest number of a column that is not above it: columns are of half the precision."""
    nearest = np.float32(threshold)
    below = float(nearest) <= threshold
    return float(nearest if below else np.nextafter(nearest, np.float32(-np.inf)))


def packed(rankers: Mapping[str, Trees]) -> Forests:
    """As a bundle holds them, in the order of the names. All must have as many trees."""
    names = sorted(rankers)
    columns = [_feature(rankers[name], feature) for name in names for feature in range(len(NAMES))]
    counts = np.array([len(edges) for edges, _ in columns], np.int64)
    ends = np.concatenate(([0], np.cumsum(counts)))
    starts = [ends[row * len(NAMES) : (row + 1) * len(NAMES) + 1] for row in range(len(names))]
    return Forests(
        TextColumn.build(names),
        TextColumn.build(NAMES),
        np.stack(starts),
        np.concatenate([edges for edges, _ in columns]),
        np.concatenate([masks for _, masks in columns]),
        np.stack([rankers[name].values for name in names]),
    )


def _feature(trees: Trees, feature: int) -> tuple[Floats, Masks]:
    """Ascending thresholds, and what a value above the first i of them leaves possible."""
    mine = [one for one in trees.conditions if one.feature == feature]
    edges = sorted({one.edge for one in mine})
    masks = np.full((len(edges) + 1, len(trees.values)), EVERY_LEAF, np.uint8)
    for one in mine:
        masks[edges.index(one.edge) + 1 :, one.tree] &= EVERY_LEAF - one.ruled_out
    return np.array(edges, np.float32), masks


def used(trees: Trees) -> Iterator[str]:
    """Features that the trees look at, in the order of NAMES."""
    seen = {one.feature for one in trees.conditions}
    return (name for place, name in enumerate(NAMES) if place in seen)
