"""The server's events on their way into the log, and out of the store once bundles hold them."""

from pathlib import Path
from typing import Final

from engine.bundle_files import read_manifest
from engine.errors import ConfigError
from engine.shop import read_shop
from serving.archive import Accepted, cut_accepted, earliest, read_accepted
from serving.settings import Settings, read_settings
from serving.store.reading import Cut
from training.archive import Archived, Take, archive
from training.log import LogHeader, read_header
from training.publish import versions

KEPT_DAYS: Final = 3.0
"""Decision: an event that a client sends again is known by its id for at least so long."""


def settings_of(url: str | None, data: Path | None) -> Settings | None:
    """None when neither the options nor the environment name a store."""
    if url is not None and data is not None:
        raise ConfigError("--url and --data name two stores; give one of them")
    settings = read_settings(redis_url=url, data=data)
    named = settings.redis_url is not None or {"data"} & settings.model_fields_set
    if data is not None:
        return settings.model_copy(update={"redis_url": None})
    return settings if named else None


def archive_store(log: Path, settings: Settings, config: Path) -> Archived:
    """Begins a log in the shop's currency where there is none."""

    def read(after: str, take: Take) -> None:
        def hand_over(accepted: Accepted) -> None:
            take(accepted.events, accepted.unknown, accepted.through)

        read_accepted(settings, after, hand_over)

    shop = read_shop(config / "shop.toml").shop
    return archive(log, read, fresh=LogHeader(shop.currency, shop.minor_units))


def cut_store(log: Path, bundles: Path, settings: Settings) -> Cut | None:
    """What the log and every published bundle hold leaves the store; None without a bundle.

    Every bundle, so that a rollback finds the events since in the store.
    """
    published = versions(bundles) if bundles.is_dir() else []
    if not published:
        return None
    held = [read_manifest(bundles / version).stream_through for version in published]
    through = earliest([read_header(log).stream_through, *held])
    return cut_accepted(settings, through, KEPT_DAYS)
