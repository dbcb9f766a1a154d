"""How much prices matter to a customer (S1), by what their last orders came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, Self

from pydantic import Field, model_validator

from engine.config import Config
from engine.customers.labels import PRICE_BANDS

BAND_NAMES: Final = tuple(name for name in PRICE_BANDS if name != "unknown")
BOUNDS: Final = ("at_least", "above", "below", "at_most")


class BandConfig(Config):
    """One `[[price_band.bands]]`. `at_least` and `at_most` include their bound, the others not."""

    name: str
    at_least: Decimal | None = Field(default=None, ge=0, decimal_places=4)
    above: Decimal | None = Field(default=None, ge=0, decimal_places=4)
    below: Decimal | None = Field(default=None, gt=0, decimal_places=4)
    at_most: Decimal | None = Field(default=None, ge=0, decimal_places=4)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.name not in BAND_NAMES:
            raise ValueError(f"{self.name!r} is unknown; allowed: {', '.join(BAND_NAMES)}")
        if self.at_least is not None and self.above is not None:
            raise ValueError(f"{self.name} has both at_least and above; one is enough")
        if self.at_most is not None and self.below is not None:
            raise ValueError(f"{self.name} has both at_most and below; one is enough")
        return self

    @property
    def lower(self) -> Decimal | None:
        return self.at_least if self.above is None else self.above

    @property
    def upper(self) -> Decimal | None:
        return self.at_most if self.below is None else self.below


DEFAULT_BANDS: Final = (
    BandConfig(name="sensitive", below=Decimal(200)),
    BandConfig(name="neutral", at_least=Decimal(200), at_most=Decimal(400)),
    BandConfig(name="insensitive", above=Decimal(400)),
)


class PriceBandConfig(Config):
    """`[price_band]`: bands of the median order, cheapest first, that meet without a gap."""

    orders: int = Field(default=5, ge=1, le=100)  # guess: the last five orders say enough
    bands: tuple[BandConfig, ...] = Field(default=DEFAULT_BANDS, min_length=1)

    @model_validator(mode="after")
    def _meet(self) -> Self:
        faults = [
            fault
            for i, (lower, upper) in enumerate(pairwise(self.bands))
            if (fault := _seam(lower, upper, f"bands[{i}] and bands[{i + 1}]"))
        ]
        if self.bands[0].lower is not None:
            faults.append(f"bands[0] leaves a gap below {self.bands[0].lower}")
        if self.bands[-1].upper is not None:
            faults.append(f"bands[{len(self.bands) - 1}] leaves a gap above {self.bands[-1].upper}")
        names = [band.name for band in self.bands]
        faults += [
            f"bands: {name} is there twice" for name in sorted({*names}) if names.count(name) > 1
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _seam(lower: BandConfig, upper: BandConfig, where: str) -> str:
    """What is wrong where two bands meet; "" when nothing is."""
    if lower.upper is None or upper.lower is None:
        return f"{where} overlap: the one has no upper bound or the other no lower one"
    if lower.upper != upper.lower:
        kind = "overlap" if lower.upper > upper.lower else "leave a gap"
        return f"{where} {kind} between {lower.upper} and {upper.lower}"
    if (lower.below is None) == (upper.at_least is None):
        return ""
    kind = "leave a gap" if lower.below is not None else "overlap"
    return f"{where} {kind} at {lower.upper}"


@dataclass(frozen=True, slots=True)
class Bands:
    """PriceBandConfig in whole numbers: band k holds medians from lowest[k] on."""

    orders: int
    names: tuple[str, ...]
    lowest: tuple[int, ...]  # in half minor units, so that the mean of two orders stays whole


def bands_of(config: PriceBandConfig, minor_units: int) -> Bands:
    halves = 2 * 10**minor_units
    lowest = [
        int(band.lower * halves) + (band.above is not None) if band.lower is not None else 0
        for band in config.bands
    ]
    return Bands(config.orders, tuple(band.name for band in config.bands), tuple(lowest))


def median_halves(amounts_minor: Sequence[int], orders: int) -> int | None:
    """Twice the median of the last `orders` amounts; None without an order."""
    if not amounts_minor:
        return None
    last = sorted(amounts_minor[-orders:])
    middle = len(last) // 2
    return last[middle] + last[~middle]


def band_of(halves: int | None, bands: Bands) -> str:
    if halves is None:
        return "unknown"
    place = sum(halves >= lowest for lowest in bands.lowest[1:])
    return bands.names[place]
