"""How a bundle is trained, read from `config/train.toml`; every key has a default."""

from pathlib import Path

from pydantic import Field, ValidationError

from engine.config import Config
from engine.errors import ConfigError
from engine.faults import faults
from engine.shop import NO_FOLDER, read_toml
from training.checks import CheckConfig
from training.gate_config import GateConfig, RetentionConfig
from training.models.als import AlsConfig
from training.models.blend import BlendConfig
from training.models.bought_together import BoughtTogetherConfig
from training.models.new_arrivals import NewArrivalsConfig
from training.models.popularity import PopularityConfig
from training.models.sessions import SessionsConfig
from training.models.trend import TrendConfig
from training.ranker_config import RankerConfig
from training.report_config import ReportConfig
from training.search_config import SearchConfig


class EvaluationConfig(Config):
    holdout_days: float = Field(default=28, gt=0)
    largest_share: float = Field(default=0.2, gt=0, lt=1)  # of the log's time that is held out
    customers: int = Field(default=5000, ge=1)  # at most so many are asked, drawn by the seed
    slot: str = "my"  # stands for the personal path where all that is bought counts
    discovery_slot: str = "home"  # and this one where only what is new to the customer counts
    cutoffs: tuple[int, ...] = (10, 20)


class TrainConfig(Config):
    seed: int = 7
    threads: int = Field(default=2, ge=1)
    als: AlsConfig = AlsConfig()
    similar: BlendConfig = BlendConfig()
    trend: TrendConfig = TrendConfig()
    sessions: SessionsConfig = SessionsConfig()
    bought_together: BoughtTogetherConfig = BoughtTogetherConfig()
    popularity: PopularityConfig = PopularityConfig()
    new_arrivals: NewArrivalsConfig = NewArrivalsConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    search: SearchConfig = SearchConfig()
    ranker: RankerConfig = RankerConfig()
    checks: CheckConfig = CheckConfig()
    gate: GateConfig = GateConfig()
    retention: RetentionConfig = RetentionConfig()
    report: ReportConfig = ReportConfig()


def read_train(path: Path) -> TrainConfig:
    """Raises ConfigError with every fault of the file, one a line."""
    try:
        return TrainConfig.model_validate(read_toml(path, NO_FOLDER))
    except ValidationError as error:
        raise ConfigError("\n".join(faults(error, path.name, TrainConfig))) from error
