"""What a search may choose, as one value."""

from typing import Final

from pydantic import Field

from engine.config import Config
from training.models.als import AlsConfig
from training.models.blend import BlendConfig
from training.models.cooccurrence import CooccurrenceConfig
from training.models.trend import TrendConfig

ALS_SHARE: Final = 0.3  # measured on three sets


class Setting(Config):
    """Settings of the models that are fused, and the share of ALS beside the blend."""

    similar: BlendConfig = BlendConfig()
    als: AlsConfig = AlsConfig()
    trend: TrendConfig = TrendConfig()
    als_share: float = Field(default=ALS_SHARE, ge=0, le=1)
    looks: float = Field(default=1, ge=0)  # factor on the shop's weights of views, carts …

    @property
    def blend(self) -> BlendConfig:
        return self.similar

    def with_ways(self, ways: tuple[CooccurrenceConfig, ...]) -> "Setting":
        return self._blended({"cooccurrence": ways})

    def with_ridge(self, weight: float) -> "Setting":
        return self._blended({"ridge_weight": weight})

    def with_trend(self, half_life_days: float, exponent: float) -> "Setting":
        change = {"half_life_days": half_life_days, "exponent": exponent}
        return self.model_copy(update={"trend": self.trend.model_copy(update=change)})

    def with_als(self, alpha: float, factors: int, share: float) -> "Setting":
        config = self.als.model_copy(update={"alpha": alpha, "factors": factors})
        return self.model_copy(update={"als": config, "als_share": share})

    def with_share(self, als: float) -> "Setting":
        return self.model_copy(update={"als_share": als})

    def with_rarity(self, exponent: float) -> "Setting":
        config = self.als.model_copy(update={"target_exponent": exponent})
        return self.model_copy(update={"als": config})

    def _blended(self, change: dict[str, object]) -> "Setting":
        return self.model_copy(update={"similar": self.similar.model_copy(update=change)})
