"""What the loyalty programme keeps back from some customers for now, by item (P4, P5, P6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.catalogue import Catalogue
from engine.customers.campaigns import (
    CampaignConfig,
    RedemptionConfig,
    ends_at,
    opens_at,
    readiness,
    redeemable,
)
from engine.ids import IdMap
from engine.shop import ShopConfig
from engine.types import Mask, Rows


@dataclass(frozen=True, slots=True)
class Launch:
    """A campaign with items."""

    opens_at: tuple[int, ...]  # by the tier's rank, 0 first
    ends_at: int
    items: Mask  # (n_items,)


@dataclass(frozen=True, slots=True)
class Programme:
    """Campaigns that have items, while the shop has members enough for campaigns."""

    launches: tuple[Launch, ...]
    points: NDArray[np.int64]  # (n_items,) that an item costs; 0 = it is not for points
    redemption: RedemptionConfig
    zone: ZoneInfo

    def kept_back(self, rows: Rows, tier_rank: int, points: int, now: int) -> Mask:
        """Which of `rows` a customer of this tier and balance is not shown at this instant."""
        needed = self.points.take(rows)
        kept: Mask = needed > 0
        if self.redemption.items and np.count_nonzero(kept):
            kept &= ~redeemable(needed, points, self.redemption, now, self.zone)
        for launch in self.launches:
            if now < launch.ends_at and now < launch.opens_at[tier_rank]:
                kept |= launch.items.take(rows)
        return kept


def programme_of(
    shop: ShopConfig, items: IdMap, catalogue: Catalogue, members: int
) -> Programme | None:
    """None where nothing is ever kept back."""
    top = len(shop.loyalty.tiers)
    launches = tuple(
        Launch(
            tuple(opens_at(each, rank, top) for rank in range(top + 1)),
            ends_at(each),
            items_of(each, items, catalogue),
        )
        for each in shop.campaigns
        if each.has_items and readiness(members, shop.loyalty).ready
    )
    costs = shop.redemption.items
    if not launches and not costs:
        return None
    points = np.zeros(len(items), np.int64)
    rows = items.rows(list(costs))
    points[rows[rows >= 0]] = np.array(list(costs.values()), np.int64)[rows >= 0]
    return Programme(launches, points, shop.redemption, ZoneInfo(shop.shop.time_zone))


def items_of(campaign: CampaignConfig, items: IdMap, catalogue: Catalogue) -> Mask:
    """What is of the campaign; names that the catalogue does not know are nothing."""
    inside = np.zeros(len(items), np.bool_)
    rows = items.rows(list(campaign.items))
    inside[rows[rows >= 0]] = True
    inside |= np.isin(catalogue.brand, _known(catalogue.brands, campaign.brands))
    for path in campaign.categories:
        inside |= catalogue.within(catalogue.categories.row(path))
    return inside


def _known(names: IdMap, wanted: Sequence[str]) -> Rows:
    rows = names.rows(list(wanted))
    return rows[rows >= 0]
