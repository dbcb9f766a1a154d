"""Beside an item stands what more of its customers like than chance explains, and nothing else."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency

from tests.training.conftest import Histories
from training.interactions import Interactions
from training.models import alike, blend
from training.models.alike import CHANCE
from training.models.blend import BlendConfig

CONFIG = BlendConfig()


def beside(data: Interactions, item: str) -> tuple[list[str], list[str]]:
    """What is alike to an item by all pairs, and by those that are no chance."""
    similar = blend.fit(data, CONFIG)
    kept = alike.fit(data, similar)
    row = data.item_ids.index(item)
    all_pairs, shown = (
        [data.item_ids[other] for other in lists.of(row, 99).rows] for lists in (similar, kept)
    )
    return all_pairs, shown


def test_what_everybody_buys_now_and_then_does_not_stand_beside(histories: Histories) -> None:
    """Filters go with espresso; nappies sell as well with it as without."""
    espresso = ["ef"] * 30 + ["en"] * 10 + ["e"] * 10
    others = ["n"] * 50 + ["t"] * 200
    pairs, shown = beside(histories(espresso + others), "e")
    assert set(pairs) >= {"f", "n"}
    assert shown == ["f"]


def test_a_pair_of_rare_items_is_no_chance(histories: Histories) -> None:
    """One customer in a thousand liked both, and nobody else either of them."""
    assert beside(histories(["ab"] + ["c"] * 999), "a") == (["b"], ["b"])


def test_the_order_and_the_scores_stay(histories: Histories) -> None:
    data = histories(["abc"] * 9 + ["ab"] * 9 + ["cd"] * 3 + ["d"] * 60 + ["e"] * 60)
    similar = blend.fit(data, CONFIG)
    kept = alike.fit(data, similar)
    for row in range(data.n_items):
        whole, part = similar.of(row, 99), kept.of(row, 99)
        inside = np.isin(whole.rows, part.rows)
        assert np.array_equal(whole.rows[inside], part.rows)
        assert np.array_equal(whole.scores[inside], part.scores)


LINES = st.lists(st.text("abcdef", min_size=1, max_size=5), min_size=2, max_size=60)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_it_is_the_g_test_of_scipy(histories: Histories, lines: list[str]) -> None:
    data = histories(lines)
    similar = blend.fit(data, CONFIG)
    kept = alike.fit(data, similar, threads=2)
    baskets = [set(line) for line in lines]
    for row, item in enumerate(data.item_ids):
        wanted = [
            other
            for other in similar.of(row, 99).rows.tolist()
            if no_chance(item, data.item_ids[other], baskets)
        ]
        assert kept.of(row, 99).rows.tolist() == wanted


def no_chance(one: str, other: str, baskets: list[set[str]]) -> bool:
    both = sum({one, other} <= basket for basket in baskets)
    of_one, of_other = (sum(item in basket for basket in baskets) for item in (one, other))
    if both * len(baskets) <= of_one * of_other:
        return False
    rest = len(baskets) - of_one - of_other + both
    table = np.array([[both, of_one - both], [of_other - both, rest]])
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    found = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    return bool(found >= chi2.isf(CHANCE, 1))
