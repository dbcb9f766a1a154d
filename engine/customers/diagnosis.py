"""Why a small customer is small (V8): one main cause with its evidence."""

from typing import Final, NamedTuple

from engine.customers.state import CustomerState
from engine.customers.thresholds import Thresholds

CAUSES: Final = ("low_frequency", "small_basket", "single_category")


class Diagnosis(NamedTuple):
    cause: str  # one of CAUSES
    own: int  # the customer's measure: orders, minor units an order, categories
    usual: int  # the median of active buyers


def diagnosis_of(state: CustomerState, thresholds: Thresholds) -> Diagnosis | None:
    """The measure that lags furthest behind the usual; None for others, or when nothing lags."""
    if state.value_class != "small":
        return None
    own = (state.frequency, state.monetary_minor // state.frequency, state.breadth)
    lags = [
        (measure / usual, Diagnosis(cause, measure, usual))
        for cause, measure, usual in zip(CAUSES, own, thresholds.usual, strict=True)
        if 0 <= measure < usual
    ]
    return min(lags, key=lambda lag: lag[0])[1] if lags else None
