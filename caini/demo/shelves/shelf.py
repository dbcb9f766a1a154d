"""What a shelf (a leaf category) of the simulated shop is, and how its words are written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Words = tuple[tuple[str, str], ...]  # (English, Chinese) pairs
Kind = Literal["goods", "content", "service"]


def words(text: str) -> Words:
    """`"green tea|绿茶, oolong|乌龙"` as pairs."""
    pairs = [part.strip().split("|") for part in text.split(",")]
    return tuple((english, chinese) for english, chinese in pairs)


def ladder(text: str) -> tuple[str, ...]:
    """`"80 g < 200 g"`: English variants, the smallest first."""
    return tuple(part.strip() for part in text.split("<"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A leaf category: what stands on it, what it costs, when and how often people need it.

    All numbers are guesses, set so that the shop as a whole looks like a general shop.
    """

    code: str  # the last part of the category and the first part of its item ids
    department: tuple[str, str]
    label: tuple[str, str]
    brands: Words
    nouns: Words
    variants: Words
    own: Mapping[str, Words] = field(default_factory=dict)  # of a noun that no variant would suit
    sizes: tuple[tuple[str, ...], ...] = ()  # ladders of variants: a larger one costs more
    price: float  # median, in the shop's currency
    spread: float = 0.45  # sigma of the log price
    weight: float = 1.0  # how many visits are about it, against an average shelf
    peak_month: int = 0  # 1–12; 0 when the shelf has no season
    season: float = 0.0  # log of the swing: exp(season) times the yearly mean at the peak
    cycle_days: float = 0.0  # how long one unit lasts; 0 when it is no consumable
    kind: Kind = "goods"
    complements: tuple[str, ...] = ()  # codes of the shelves bought together with this one
    stages: Words = ()  # what comes one after the other as a baby grows
    stage_months: tuple[int, ...] = ()  # age at which the next stage begins
    until_month: int = 0  # age at which the last stage ends
    buy: float = 0.0  # added to the log odds that a visit ends with a purchase

    def variants_of(self, noun: str) -> Words:
        return self.own.get(noun, self.variants)

    @property
    def category(self) -> str:
        return f"{self.department[0]} > {self.label[0]}"

    @property
    def category_label(self) -> str:
        return f"{self.department[1]} > {self.label[1]}"
