"""Why a small customer is small (V8): one main cause with its evidence."""

from typing import Final, NamedTuple

CAUSES: Final = ("low_frequency", "small_basket", "single_category")

Measures = tuple[int, int, int]  # as CAUSES: orders, minor units an order, categories


class Diagnosis(NamedTuple):
    cause: str  # one of CAUSES
    own: int  # the customer's measure
    usual: int  # the median of active buyers


def diagnosis_of(
    value_class: str, orders: int, money_minor: int, categories: int, usual: Measures
) -> Diagnosis | None:
    """The measure that lags furthest behind the usual, the first of those that lag alike; None for
    others, or when nothing lags. Orders and money are of the value window.
    """
    if value_class != "small":
        return None
    own = (orders, money_minor // orders, categories)
    found, furthest = None, 1.0
    for cause, measure, median in zip(CAUSES, own, usual, strict=True):
        if 0 <= measure < median and measure / median < furthest:
            found, furthest = Diagnosis(cause, measure, median), measure / median
    return found
