"""A shop where everybody comes every two weeks and buys what they bought last time, or by lot."""

from collections.abc import Callable

import numpy as np

Line = dict[str, object]
CUSTOMERS, ITEMS, DAYS = 150, 30, 200


def visits(choose: Callable[[int, np.random.Generator], int]) -> list[Line]:
    """`choose` says which item a customer buys at a visit, given the last."""
    rng = np.random.default_rng(5)
    found = []
    for customer in range(CUSTOMERS):
        last = int(rng.integers(ITEMS))
        for visit, day in enumerate(np.arange(rng.uniform(0, 14), DAYS, 14)):
            last = choose(last, rng)
            line = {"day": float(day), "customer": f"c{customer}", "item": f"i{last:02}"}
            found.append({**line, "order": f"o{customer}/{visit}"})
    return found


def loyal(last: int, rng: np.random.Generator) -> int:
    return last if rng.random() < 0.8 else int(rng.integers(ITEMS))


def by_lot(_: int, rng: np.random.Generator) -> int:
    return int(rng.integers(ITEMS))
