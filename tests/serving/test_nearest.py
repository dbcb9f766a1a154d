"""A category that there is not is answered with those that were probably meant."""

import pytest
from fastapi.testclient import TestClient

from engine.near_paths import MOST, MOST_COMPARED, nearest_paths
from tests.serving.wire import problem

PATHS = (
    "coffee & tea", "coffee & tea > coffee", "coffee & tea > tea",
    "gifts", "gifts > tea", "home", "home > teaware",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tea", ("coffee & tea > tea", "gifts > tea")),
        ("Tea", ("coffee & tea > tea", "gifts > tea")),
        ("home>teaware", ("home > teaware",)),
        ("kitchen > teaware", ("home > teaware",)),
        ("tee", ("coffee & tea > tea", "gifts > tea")),
        ("coffee and tea", ("coffee & tea",)),
        ("hom", ("home",)),
        ("bicycles", ()),
        (" > ", ()),
        ("tea" * 30, ()),
    ],
)
def test_the_last_part_of_a_path_finds_it_then_what_is_spelled_alike(
    name: str, near: tuple[str, ...]
) -> None:
    found = nearest_paths(name, PATHS)
    assert found[: len(near)] == near
    assert bool(found) == bool(near)


def test_of_many_categories_some_are_named_and_spelling_is_not_compared() -> None:
    paths = tuple(f"shelf {n} > tea" for n in range(MOST_COMPARED + 1))
    assert nearest_paths("tea", paths) == paths[:MOST]
    assert nearest_paths("tee", paths) == ()
    assert nearest_paths("tee", paths[:-1]) == paths[:MOST]


def test_every_call_that_takes_a_category_tells_the_nearest(client: TestClient) -> None:
    body = {"slot": "list", "category": "tea"}
    for answer in (
        client.post("/recommend", json=body),
        client.get("/recommend/mei?slot=list&category=tea"),
        client.get("/popular?category=tea"),
    ):
        told = problem(answer, 404, "unknown-category")
        assert told["known"][0] == "drinks > tea"
        assert told["detail"].startswith("There is no category 'tea'. Near it: drinks > tea")
    told = problem(client.get("/popular?category=bicycles"), 404, "unknown-category")
    assert told["known"] == ["drinks", "home"]
