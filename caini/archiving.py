"""The server's events on their way into the log, and out of the store once bundles hold them."""

from pathlib import Path
from typing import Final

from engine.bundle_files import manifest_told
from engine.errors import ConfigError, StoreError
from engine.shop import read_shop
from serving.archive import Accepted, cut_accepted, earliest, read_accepted
from serving.settings import Settings, read_settings
from serving.store.reading import Cut
from training.archive import Archived, Take, archive
from training.log import LogHeader, read_header
from training.publish import versions

BEGINNING: Final = "0-0"
KEPT_DAYS: Final = 3.0
"""Decision: an event that a client sends again is known by its id for at least so long."""


def settings_of(url: str | None, data: Path | None) -> Settings | None:
    """The store that `caini serve` takes with the same options and environment.

    None when they name none, and no server has left one in the default data folder.
    """
    if url is not None and data is not None:
        raise ConfigError("--url and --data name two stores; give one of them")
    settings = read_settings(redis_url=url, data=data)
    if data is not None:
        return settings.model_copy(update={"redis_url": None})
    named = settings.redis_url is not None or "data" in settings.model_fields_set
    return settings if named or is_there(settings) else None


def is_there(settings: Settings) -> bool:
    """Whether there is a store to ask: a Redis that is named, or what a server left in its folder.

    A private one is made where there is none, and an empty one knows of nobody.
    """
    return settings.redis_url is not None or private_store(settings).is_dir()


def private_store(settings: Settings) -> Path:
    return settings.data / "redis"


def no_store(settings: Settings | None) -> StoreError:
    where = private_store(settings or read_settings())
    return StoreError(
        f"no store: nothing at {where}; name the server's with --data FOLDER or CAINI_REDIS_URL"
    )


def archive_store(log: Path, settings: Settings, config: Path) -> Archived:
    """Begins a log in the shop's currency where there is none."""

    def read(after: str, take: Take) -> None:
        def hand_over(accepted: Accepted) -> None:
            take(accepted.events, accepted.unknown, accepted.through)

        read_accepted(settings, after, hand_over)

    shop = read_shop(config / "shop.toml").shop
    return archive(log, read, fresh=LogHeader(shop.currency, shop.minor_units))


def waiting_in_store(log: Path, settings: Settings) -> int:
    """How many accepted events the log does not hold yet; nothing is taken."""
    count = 0

    def see(accepted: Accepted) -> None:
        nonlocal count
        count += len(accepted.events) + len(accepted.unknown)

    after = read_header(log).stream_through if log.is_file() else BEGINNING
    read_accepted(settings, after, see)
    return count


def cut_store(log: Path, bundles: Path, settings: Settings) -> Cut | None:
    """What the log and every published bundle hold leaves the store; None without a bundle.

    Every bundle, so that a rollback finds the events since in the store.
    """
    published = versions(bundles) if bundles.is_dir() else []
    if not published:
        return None
    held = [
        str(manifest_told(bundles / version).get("stream_through", BEGINNING))
        for version in published
    ]
    through = earliest([read_header(log).stream_through, *held])
    return cut_accepted(settings, through, KEPT_DAYS)
