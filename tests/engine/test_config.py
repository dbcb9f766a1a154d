"""What is read from TOML is strict about types: no text for a number, no number for a flag."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from engine.config import Config
from engine.customers.labels import Language
from engine.errors import ConfigError
from engine.faults import Faults, unknown_key
from engine.shop import ShopConfig, check_shop, read_shop
from engine.slots import check_slots
from serving.auth import read_keys
from tests.conftest import CONFIG
from training.config import TrainConfig
from training.importers.mapping import Mapping as ColumnsOfAFile

Place = tuple[str | int, ...]
SHOP_TOML = tomllib.loads((CONFIG / "shop.toml").read_text(encoding="utf-8"))
SLOTS_TOML = tomllib.loads((CONFIG / "slots.toml").read_text(encoding="utf-8"))
WHOLE_SHOP = ShopConfig().model_dump(mode="json") | SHOP_TOML
WHOLE_TRAINING = TrainConfig().model_dump(mode="json")


def leaves(table: Any, kinds: tuple[type, ...], place: Place = ()) -> Iterator[Place]:
    """Where a value of these types stands, however deep; conditions are read by rules of theirs."""
    if isinstance(table, Mapping):
        for key, value in table.items():
            if key != "when":
                yield from leaves(value, kinds, (*place, key))
    elif isinstance(table, list | tuple):
        for i, value in enumerate(table):
            yield from leaves(value, kinds, (*place, i))
    elif isinstance(table, kinds):
        yield place


def changed(table: Any, place: Place, value: object) -> Any:
    copied = deepcopy(table)
    inside = copied
    for part in place[:-1]:
        inside = inside[part]
    inside[place[-1]] = value
    return copied


def at(table: Any, place: Place) -> Any:
    for part in place:
        table = table[part]
    return table


def as_shop(raw: Mapping[str, Any]) -> object:
    return check_shop(raw, "shop.toml")


def as_slots(raw: Mapping[str, Any]) -> object:
    return check_slots(raw, "slots.toml", check_shop(SHOP_TOML, "shop.toml"))


FILES: list[tuple[dict[str, Any], Callable[[Mapping[str, Any]], object]]] = [
    (WHOLE_SHOP, as_shop),
    (SLOTS_TOML, as_slots),
    (WHOLE_TRAINING, TrainConfig.model_validate),
]


@pytest.mark.parametrize(("whole", "read"), FILES, ids=["shop", "slots", "train"])
def test_no_number_and_no_flag_of_a_file_may_be_a_text(
    whole: dict[str, Any], read: Callable[[Mapping[str, Any]], object]
) -> None:
    read(whole)
    places = list(leaves(whole, (int, float)))
    assert len(places) > 20
    for place in places:
        with pytest.raises((ConfigError, ValidationError), match=r"valid (integer|number|boolean)"):
            read(changed(whole, place, str(at(whole, place)).lower()))


def test_a_number_is_no_flag_a_flag_no_number_and_a_whole_number_is_any_number() -> None:
    def lifecycle(**keys: object) -> object:
        return check_shop({"lifecycle": keys}, "shop.toml").lifecycle.at_risk_cycles

    assert lifecycle(at_risk_cycles=3) == 3.0
    for wrong in (True, "3", [3]):
        with pytest.raises(ConfigError, match=r"lifecycle\.at_risk_cycles: Input should be a vali"):
            lifecycle(at_risk_cycles=wrong)
    with pytest.raises(ConfigError, match=r"lifecycle\.dormant_days: Input should be a valid int"):
        lifecycle(dormant_days="90")
    with pytest.raises(ConfigError, match=r"value\.top: Input should be a valid number"):
        check_shop({"value": {"top": "0.01"}}, "shop.toml")
    with pytest.raises(ValidationError, match="valid boolean"):
        TrainConfig.model_validate({"search": {"enabled": 1}})


def test_what_a_bundle_keeps_as_json_is_read_again() -> None:
    shop = check_shop(SHOP_TOML, "shop.toml")
    assert ShopConfig.model_validate_json(shop.model_dump_json()) == shop
    assert shop.value.top == Decimal("0.01"), "which JSON has as a text"


def test_the_key_files_dates_and_a_mappings_numbers_are_strict_too(tmp_path: Any) -> None:
    file = tmp_path / "keys.toml"
    key = f'[[keys]]\nname = "a"\nsha256 = "{"1" * 64}"\nscopes = ["events"]\nexpires_at = '
    file.write_text(key + "2030-01-01T00:00:00Z\n")
    assert len(read_keys(file)) == 1
    for wrong in ("1893456000", '"2030-01-01T00:00:00Z"'):
        file.write_text(f"{key}{wrong}\n")
        with pytest.raises(ConfigError, match=r"expires_at: Input should be a valid datetime"):
            read_keys(file)
    columns = {"type": "kind", "at": "when", "customer_id": "who"}
    assert ColumnsOfAFile.model_validate({"columns": columns, "constants": {"quantity": 2}})
    with pytest.raises(ValidationError, match="valid string"):
        ColumnsOfAFile.model_validate({"columns": columns | {"item_id": 3}})


def test_a_field_that_is_called_type_is_a_field_like_another() -> None:
    class Odd(Config):
        type: int = 1
        default: float = 0.5

    assert Odd.model_validate({"type": 2, "default": 3}) == Odd(type=2, default=3.0)
    with pytest.raises(ValidationError, match="2 validation errors"):
        Odd.model_validate({"type": "2", "default": "3"})


def test_a_list_whose_only_part_has_a_fault_is_not_said_to_be_too_short() -> None:
    def told(days: list[object]) -> list[str]:
        with pytest.raises(ConfigError) as error:
            check_shop({"member_days": [{"days": days}]}, "shop.toml")
        return str(error.value).splitlines()

    where = "shop.toml: member_days[0].days"
    assert told(["8"]) == [f"{where}[0]: Input should be a valid integer"]
    assert told([]) == [f"{where}: Tuple should have at least 1 item after validation, not 0"]


def test_a_key_that_is_longer_than_any_name_is_compared_with_none() -> None:
    assert unknown_key("colour", ["color"], "key").startswith("'colour' is no key; did you mean co")
    assert "did you mean Color? " in unknown_key("COLOUR", ["Color"], "key"), "case aside"
    assert "did you mean" not in unknown_key("color" + "r" * 60, ["color" + "r" * 59], "key")


def test_faults_of_several_files_are_told_together_and_each_once() -> None:
    def wrong(said: str) -> int:
        raise ConfigError(said)

    found = Faults()
    assert found.of(lambda: 7) == 7
    found.tell()
    for said in ("a: 1", "b: 2", "a: 1"):
        assert found.of(lambda said=said: wrong(said)) is None  # type: ignore[misc]
    with pytest.raises(ConfigError) as told:
        found.tell()
    assert str(told.value) == "a: 1\nb: 2"


@pytest.mark.parametrize("language", get_args(Language))
def test_no_two_shipped_segments_are_called_the_same(language: Language) -> None:
    labels = [each.label.of(language) for each in read_shop(CONFIG / "shop.toml").segments]
    assert sorted(labels) == sorted(set(labels))
