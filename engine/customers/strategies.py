"""What the shop does for whom: the four cells of L2, and waking up who sleeps (C5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from engine.customers.labels import Label
from engine.customers.state import CustomerState


class Strategy(NamedTuple):
    name: str
    label: Label


CELLS: Final[Mapping[str, Strategy]] = MappingProxyType(
    {
        "neither": Strategy("sign_up_prompt", Label(en="prompt to sign up", zh="引导注册")),
        "member_only": Strategy("first_order", Label(en="first-order offer", zh="首单激励")),
        "member_buyer": Strategy("reward", Label(en="reward", zh="会员奖励")),
        "buyer_only": Strategy("reactivate", Label(en="reactivate and enrol", zh="激活入会")),
    }
)
"""By `CustomerState.relation`."""

WAKE_UPS: Final[Mapping[str, Strategy]] = MappingProxyType(
    {
        "sensitive": Strategy("discount", Label(en="discount", zh="折扣唤醒")),
        "neutral": Strategy("gift", Label(en="gift", zh="赠品唤醒")),
        "insensitive": Strategy("new_arrivals", Label(en="new arrivals", zh="新品唤醒")),
    }
)
"""By `CustomerState.price_band`."""

ASLEEP: Final = frozenset({"dormant", "lost"})


def cell_strategy(state: CustomerState) -> Strategy:
    return CELLS[state.relation]


def wake_up(state: CustomerState) -> Strategy | None:
    """None while the customer is awake, or does not want to be written to."""
    if state.stage not in ASLEEP or not state.contactable:
        return None
    return WAKE_UPS.get(state.price_band, WAKE_UPS["neutral"])
