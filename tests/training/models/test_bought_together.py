import numpy as np
import pytest
from scipy.stats import chi2_contingency

from tests.training.conftest import Histories, Read
from training.interactions import Interactions
from training.models.bought_together import (
    BoughtTogetherConfig,
    fit,
    log_likelihood_ratio,
    threshold,
)

DEFAULTS = BoughtTogetherConfig()


def partners(data: Interactions, item: str, config: BoughtTogetherConfig = DEFAULTS) -> list[str]:
    found = fit(data, config).of(data.item_ids.index(item), 99)
    return [data.item_ids[row] for row in found.rows]


def test_the_ratio_is_the_g_test_of_scipy() -> None:
    both, a, b, n = 12, 30, 40, 500
    table = [[both, a - both], [b - both, n - a - b + both]]
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert log_likelihood_ratio(both, a, b, n) == pytest.approx(expected)


def test_what_is_always_bought_together_is_found(histories: Histories) -> None:
    data = histories(["ab"] * 20 + ["c", "d", "e"] * 20)
    assert partners(data, "a") == ["b"]
    assert partners(data, "b") == ["a"]
    assert partners(data, "c") == []


def test_a_partner_that_everybody_buys_anyway_is_none(histories: Histories) -> None:
    data = histories(["ax"] * 10 + ["bx"] * 10 + ["cx"] * 10 + ["x"] * 30)
    assert partners(data, "a") == []


def test_chance_pairs_do_not_show(read: Read) -> None:
    rng = np.random.default_rng(5)
    letters = [chr(200 + i) for i in range(120)]
    lines = [
        {"day": basket % 50, "customer": f"c{basket}", "item": letters[i], "order": f"o{basket}"}
        for basket in range(800)
        for i in rng.choice(120, 5, replace=False)
    ]
    assert len(fit(read(lines), DEFAULTS).rows) == 0


def test_one_customer_alone_makes_no_rule(read: Read) -> None:
    lines = [
        {"day": day, "item": item, "order": f"o{day}", "customer": "habit"}
        for day in range(30)
        for item in ("tea", "milk")
    ]
    lines += [{"day": 1, "item": f"i{k}", "customer": f"c{k}", "order": f"p{k}"} for k in range(60)]
    assert partners(read(lines), "tea") == []
    assert partners(read(lines), "tea", BoughtTogetherConfig(min_customers=1)) == ["milk"]


def test_a_wholesalers_basket_is_passed_over(histories: Histories) -> None:
    everything = "".join(chr(97 + i) for i in range(26))
    data = histories([everything] * 10 + list("abcdefgh") * 10)
    assert partners(data, "a", BoughtTogetherConfig(largest_basket=20)) == []
    assert "z" in partners(data, "a", BoughtTogetherConfig(largest_basket=26, chance=0.5))


def test_an_item_twice_in_an_order_counts_once(read: Read) -> None:
    once = [{"day": d, "item": i, "order": f"o{d}", "customer": f"c{d}"}
            for d in range(20) for i in "ab"]  # fmt: skip
    alone = [{"day": d, "item": i, "order": f"{i}{d}", "customer": f"{i}{d}"}
             for d in range(20) for i in "cd"]  # fmt: skip
    one, two = fit(read(once + alone), DEFAULTS), fit(read(once + once + alone), DEFAULTS)
    assert one.scores.tolist() == two.scores.tolist()


def test_views_make_no_basket(read: Read) -> None:
    lines = [{"day": d, "item": i, "type": "view", "customer": f"c{d}"}
             for d in range(30) for i in "ab"]  # fmt: skip
    assert len(fit(read(lines), DEFAULTS).rows) == 0


def test_more_pairs_ask_for_more_evidence() -> None:
    assert threshold(1, 0.05) == pytest.approx(3.841, abs=1e-3)
    assert threshold(1_000_000, 0.05) > 25


def test_threads_do_not_change_a_bit(histories: Histories) -> None:
    data = histories(["ab", "bc", "cd"] * 30 + ["e", "f"] * 30)
    one, two = (fit(data, DEFAULTS, threads=n) for n in (1, 2))
    assert one.scores.tobytes() == two.scores.tobytes()
