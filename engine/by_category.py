"""What is popular in each category: the order of all popular items, within it and what is below."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.bundle import Bundle
from engine.catalogue import Catalogue
from engine.types import Candidates, Lists


class ByCategory:
    """The places of all popular items, sorted by category, best first within one."""

    def __init__(self, popular: Candidates, catalogue: Catalogue) -> None:
        codes = catalogue.category[popular.rows]
        self._popular = popular
        self._places = np.argsort(codes, kind="stable")
        sorted_codes = codes[self._places]
        self._starts = np.searchsorted(sorted_codes, np.arange(len(catalogue.category_end)))
        self._stops = np.searchsorted(sorted_codes, catalogue.category_end)

    def within(self, code: int, most: int) -> Candidates:
        """Items of the category and of all below it, best first."""
        places = np.sort(self._places[self._starts[code] : self._stops[code]])[:most]
        return Candidates(self._popular.rows[places], self._popular.scores[places])


def recategorised(bundle: Bundle, catalogue: Catalogue) -> Bundle:
    """The bundle with this catalogue; lists of categories that items left or came to are made anew.

    They stay as long as the longest of the bundle's.
    """
    before, after = bundle.catalogue.category, catalogue.category
    moved = np.unique(np.concatenate((before[before != after], after[before != after])))
    if not len(moved):
        same = replace(bundle, catalogue=catalogue)
        if (found := vars(bundle).get("item_stages")) is not None:  # by titles; slow to find
            vars(same)["item_stages"] = found
        return same
    first = np.searchsorted(moved, np.arange(len(catalogue.category_end)))
    touched = np.flatnonzero(first < np.searchsorted(moved, catalogue.category_end)).tolist()
    lists, popular = bundle.popular_by_category, ByCategory(bundle.popular, catalogue)
    news = {code: popular.within(code, lists.width) for code in touched}
    return replace(bundle, catalogue=catalogue, popular_by_category=with_lists(lists, news))


def with_lists(lists: Lists, news: Mapping[int, Candidates]) -> Lists:
    """With other entries in the lists that are named."""
    lines = [news[key] if key in news else lists.of(key, lists.width) for key in range(len(lists))]
    offsets = np.concatenate(([0], np.cumsum([len(line) for line in lines])))
    return Lists(
        offsets.astype(np.int64),
        np.concatenate([line.rows for line in lines]),
        np.concatenate([line.scores for line in lines]),
    )
