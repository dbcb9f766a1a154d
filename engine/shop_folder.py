"""The folder of a shop's settings: the faults of all its files at once."""

from pathlib import Path
from typing import Final

from engine.faults import Faults
from engine.shop import ShopConfig, as_far_as_read, read_shop
from engine.slots import Slots, read_slots

SHOP: Final = "shop.toml"
SLOTS: Final = "slots.toml"


def read_folder(config: Path) -> tuple[ShopConfig, Slots]:
    """Raises ConfigError with every fault of shop.toml and of slots.toml, one a line."""
    found = Faults()
    shop = found.of(lambda: read_shop(config / SHOP))
    slots = found.of(lambda: _slots_beside(config, shop))
    found.tell()
    assert shop is not None, "its faults are told"
    assert slots is not None, "its faults are told"
    return shop, slots


def read_slots_in(config: Path) -> Slots:
    """Raises ConfigError with every fault of slots.toml, and none of shop.toml."""
    return _slots_beside(config, None)


def _slots_beside(config: Path, shop: ShopConfig | None) -> Slots:
    return read_slots(config / SLOTS, shop or as_far_as_read(config / SHOP))
