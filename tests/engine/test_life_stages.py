"""L4 in the tea shop, where two children drink of one shelf."""

from dataclasses import replace

import pytest

from engine.bundle import Bundle
from engine.by_category import recategorised
from engine.catalogue import ItemChange, apply_changes
from engine.errors import ConfigError
from engine.events import EventType
from engine.text import TextColumn
from tests.engine.asking import plan, shop, shown
from tests.worlds import BLACK, CUP, GREEN, MILK, POPULAR, bundle, event

TITLES = ("Milk stage 1", "奶粉 3段", "Stage 1 and stage 2", "Stage 3", "Pot", "")
HIDDEN = {"1": GREEN, "3": BLACK, "1 and 2": MILK}


def table(attribute: str, name: str) -> dict[str, object]:
    words = {1: ["stage 1", "1段"], 2: ["stage 2", "2段"], 3: ["stage 3", "3段"]}
    stages = [
        {"name": f"{name}_{number}", "from_months": (number - 1) * 6, "words": said}
        for number, said in words.items()
    ]
    return {"attribute": attribute, "categories": ["drinks"], "until_months": 36, "stages": stages}


FIRST, SECOND = table("baby", "first"), table("second_baby", "second")
YOUNG, OLD = "2025-09-01", "2024-10-01"  # 2 and 13 months on the log's last day


def seen(*tables: object, **born: str) -> set[int]:
    under = shop(life_stages=list(tables))
    tea = bundle(under)
    tea = replace(tea, catalogue=replace(tea.catalogue, titles=TextColumn.build(TITLES)))
    told = event(90, EventType.PROFILE, None, 29, properties=born)
    return set(shown(tea, plan(under), told))


EVERYTHING = set(POPULAR)


@pytest.mark.parametrize("tables", [(FIRST, SECOND), (SECOND, FIRST)])
@pytest.mark.parametrize("child", ["baby", "second_baby"])
def test_L4_either_child_may_be_the_one_that_an_item_is_for(
    tables: tuple[object, ...], child: str
) -> None:
    assert seen(*tables, **{child: YOUNG}) == EVERYTHING - {BLACK}
    assert seen(*tables, **{child: OLD}) == EVERYTHING - {GREEN, MILK}
    other = {"baby": "second_baby", "second_baby": "baby"}[child]
    assert seen(*tables, **{child: YOUNG, other: OLD}) == EVERYTHING
    assert seen(*tables) == EVERYTHING, "of no child is anything known"
    assert seen(*tables, **{child: "2020-01-01"}) == EVERYTHING, "past the last stage"


def test_L4_a_title_that_names_two_stages_is_for_both_and_no_third() -> None:
    assert {MILK, CUP} <= seen(FIRST, baby=YOUNG)
    assert MILK in seen(FIRST, baby="2025-04-01"), "in the seventh month"
    assert MILK not in seen(FIRST, baby=OLD)


def test_L4_a_stage_is_known_by_its_name_which_there_is_once() -> None:
    def refused(*tables: object) -> list[str]:
        with pytest.raises(ConfigError) as told:
            shop(life_stages=list(tables))
        return str(told.value).splitlines()

    stages: list[object] = [
        {"name": "a", "from_months": 0, "words": ["x"]},
        {"name": "a", "from_months": 3, "words": ["y"]},
    ]
    again = "a is the name of life_stages[0].stages[0] already"
    within = {**FIRST, "stages": stages}
    assert refused(within) == [f"shop.toml: life_stages[0].stages[1].name: {again}"]
    told = refused({**FIRST, "stages": stages[:1]}, {**SECOND, "stages": stages[:1]})
    assert told == [f"shop.toml: life_stages[1].stages[0].name: {again}"]


def test_L4_a_change_of_price_reads_no_title_again_and_one_of_category_does() -> None:
    tea = bundle(shop(life_stages=[FIRST]))
    tea = replace(tea, catalogue=replace(tea.catalogue, titles=TextColumn.build(TITLES)))

    def put(**said: object) -> Bundle:
        change = ItemChange.model_validate({"item_id": "green", **said})
        return recategorised(tea, apply_changes(tea.catalogue, {GREEN: change}))

    before = tea.item_stages
    assert put(price_minor=1, stock=2).item_stages is before
    assert put(category="home").item_stages.of[GREEN] == -1 != tea.item_stages.of[GREEN]
