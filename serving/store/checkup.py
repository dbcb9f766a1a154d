"""A look at the store from the outside, by redis-py: is it there, new enough, and durable?"""

from dataclasses import dataclass
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from engine.errors import StoreError

OLDEST: Final = (6, 2)  # commands of later versions are not used
PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Checkup:
    version: str
    new_enough: bool
    durable: str  # when an accepted event is on the disk: always, everysec, no, or none at all


def check_store(url: str) -> Checkup:
    """Raises StoreError with the reason when the store does not answer."""
    try:
        with Redis.from_url(url, socket_timeout=PATIENCE_S, decode_responses=True) as client:
            version = str(client.info("server")["redis_version"])
            told = client.config_get("append*")
    except (RedisError, ValueError) as error:
        raise StoreError(f"the store at CAINI_REDIS_URL: {error}") from error
    durable = str(told.get("appendfsync")) if told.get("appendonly") == "yes" else "none"
    parts = tuple(int(part) for part in version.split(".")[:2])
    return Checkup(version, parts >= OLDEST, durable)
