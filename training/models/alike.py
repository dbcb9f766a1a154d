"""Of the item-to-item list, what may be shown beside an item: pairs that are no chance.

Sums over a whole history want every pair, also the weakest: chance cancels out. Beside one item
each pair speaks for itself, and what sells well meets everything now and then. So a pair stays
where more customers like both than would by chance, by Dunning's G² (decision 20).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.types import Lists, Mask, Rows
from training.compiled import Block, blocks, compiled, in_threads
from training.interactions import Interactions
from training.models.bought_together import BLOCKS, log_likelihood_ratio, threshold
from training.models.cooccurrence import CooccurrenceConfig
from training.pairs import by_item, liked
from training.ragged import offsets_of, rows_of

CHANCE: Final = 0.05  # decision: of a single pair; measured on two shops


def fit(data: Interactions, similar: Lists, *, threads: int = 2) -> Lists:
    """The entries of `similar` that are no chance, in their order and with their scores."""
    rows = liked(data, CooccurrenceConfig().history_limit)
    columns = by_item(rows)
    kept: Mask = np.zeros(len(similar.rows), np.bool_)
    people = int((np.diff(rows.offsets) > 0).sum())

    def task(block: Block) -> None:
        _mark(
            *block, similar.offsets, similar.rows, columns.offsets, columns.members,
            rows.offsets, rows.members, people, threshold(1, CHANCE), kept,
        )  # fmt: skip

    work = np.ones(data.n_items, np.int64)
    in_threads(task, blocks(work, BLOCKS), threads)
    owners = rows_of(similar.offsets)[kept]
    return Lists(offsets_of(owners, data.n_items), similar.rows[kept], similar.scores[kept])


@compiled
def _mark(  # noqa: PLR0917  # compiled code takes arrays, not values
    start: int, stop: int,
    list_offsets: NDArray[np.int64], listed: Rows,
    item_offsets: NDArray[np.int64], item_rows: Rows,
    row_offsets: NDArray[np.int64], row_items: Rows,
    people: int, least: float, kept: Mask,
) -> None:  # fmt: skip
    both = np.zeros(len(item_offsets) - 1, np.int32)
    asked = np.full(len(item_offsets) - 1, -1, np.int32)  # the source that wants it counted
    for source in range(start, stop):
        targets = listed[list_offsets[source] : list_offsets[source + 1]]
        for target in targets:
            asked[target], both[target] = source, 0
        for row in item_rows[item_offsets[source] : item_offsets[source + 1]]:
            for target in row_items[row_offsets[row] : row_offsets[row + 1]]:
                if asked[target] == source:
                    both[target] += 1
        of_source = item_offsets[source + 1] - item_offsets[source]
        for place in range(len(targets)):
            together, target = both[targets[place]], targets[place]
            of_target = item_offsets[target + 1] - item_offsets[target]
            if together * people > of_source * of_target:
                surprise = log_likelihood_ratio(together, of_source, of_target, people)
                kept[list_offsets[source] + place] = surprise >= least
