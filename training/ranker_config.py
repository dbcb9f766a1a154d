"""When a ranker is learned for a slot, and from how much."""

from enum import StrEnum

from pydantic import Field

from engine.config import Config
from engine.forest import LEAVES


class Learn(StrEnum):
    """Whether rankers are learned for the slots that name one."""

    WHEN_IT_HELPS = "when it helps"
    NEVER = "never"


class RankerConfig(Config):
    """`[ranker]`. Measured on the months of online-retail before its last two."""

    learn: Learn = Learn.NEVER  # it more than doubles the time of a training
    days: float = Field(default=28, gt=0)  # of each part: one judges, those before it teach
    teaching: int = Field(default=2, ge=1, le=12)  # parts; one alone is at the mercy of its days
    share: float = Field(default=0.2, gt=0, lt=1)  # and no more than so much of the time before
    customers: int = Field(default=3000, ge=1)  # of each part
    fewest_customers: int = Field(default=200, ge=1)  # decision: fewer prove nothing
    k: int = Field(default=20, ge=1)  # NDCG@k decides
    depth: int = Field(default=100, ge=10)  # of a pool, in the lists that teach
    features: int = Field(default=6, ge=1)  # at most so many: each costs time at every request
    trees: int = Field(default=50, ge=1, le=500)
    leaves: int = Field(default=LEAVES, ge=2, le=LEAVES)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    fewest_in_leaf: int = Field(default=500, ge=1)  # candidates
    l2: float = Field(default=50, ge=0)
