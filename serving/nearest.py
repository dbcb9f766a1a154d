"""The answer to who named a category that there is not."""

from engine.bundle import Bundle
from engine.catalogue import PATH_SEPARATOR
from engine.near_paths import MOST, nearest_paths
from serving.problems import Refusal, unknown


def unknown_category(bundle: Bundle, name: str) -> Refusal:
    """404 with the nearest that there are; with the first of the uppermost where none is near."""
    categories = bundle.catalogue.categories
    paths = tuple(categories.ids(range(len(categories))))
    near = nearest_paths(name, paths)
    said = f"Near it: {', '.join(near)}." if near else ""
    return unknown("category", name, near or _uppermost(paths), said)


def _uppermost(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in paths if PATH_SEPARATOR not in path)[:MOST]
