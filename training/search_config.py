"""How much is searched, and on what."""

from pydantic import Field

from engine.config import Config


class SearchConfig(Config):
    enabled: bool = True
    budget_s: float = Field(default=120, gt=0)  # of two cores as measured: counted in work
    share: float = Field(default=0.2, gt=0, lt=1)  # of the time, or else of the pairs
    days: float = Field(default=28, gt=0)  # and no more than so many
    customers: int = Field(default=8000, ge=1)  # NDCG's standard error is then near 0.002
    fewest_customers: int = Field(default=200, ge=1)  # decision: fewer choose by chance alone
    k: int = Field(default=20, ge=1)
