"""What the gate asks of a new bundle: `[gate]` and `[retention]` of train.toml."""

from pydantic import Field

from engine.config import Config

Share = float


class GateConfig(Config):
    """Shares are of 1. Defaults without a source are guesses made to be changed."""

    cutoff: int = Field(default=20, ge=1, le=200)  # NDCG at so many decides
    customers: int = Field(default=1000, ge=1)  # at most so many are asked, drawn by the seed
    fewest_customers: int = Field(default=30, ge=2)  # below, a comparison says nothing
    tolerance: Share = Field(default=0.0, ge=0, lt=1)  # of the champion's value that may be lost
    coverage_loss: Share = Field(default=0.2, ge=0, le=1)  # of the champion's coverage
    lost_items: Share = Field(default=0.1, ge=0, le=1)  # of the champion's, and of the log's
    lost_customers: Share = Field(default=0.1, ge=0, le=1)
    new_items: Share = Field(default=0.5, ge=0, le=1)  # of the challenger's: another catalogue?
    lost_sellable: Share = Field(default=0.5, ge=0, le=1)
    lost_described: Share = Field(default=0.2, ge=0, le=1)  # that had a title, price or category
    one_item: Share = Field(default=0.9, ge=0, le=1)  # of the slates that begin with the same item
    unfilled: Share = Field(default=0.01, ge=0, le=1)  # places of slates that stay empty
    memory: Share = Field(default=0.6, ge=0, le=1)  # chance that a known pair outscores another
    index_recall: Share = Field(default=0.9, ge=0, le=1)
    server: bool = True  # start a real one on it; needs caini[serve] where the trainer runs
    requests: str | None = None  # recorded bodies of POST /recommend, one a line, beside train.toml


class RetentionConfig(Config):
    versions: int = Field(default=5, ge=2)  # decision: a working week of nightly bundles
