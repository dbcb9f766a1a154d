"""The base of what is read from TOML: frozen, no key that there is not, no text for a number."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SCALARS: Final = frozenset({"int", "float", "bool", "datetime"})
VALUES: Final = frozenset({"default", "metadata", "serialization"})
"""Parts of a schema that are no schemas of what is read."""


def _strict(schema: Any) -> Any:
    """The same schema with its numbers, flags and instants strict, however deep they stand."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return schema
    kind = schema.get("type")
    if not isinstance(kind, str):  # a table of fields, whatever they are called
        return {name: _strict(field) for name, field in schema.items()}
    deep = {key: part if key in VALUES else _strict(part) for key, part in schema.items()}
    if kind == "decimal":
        return core_schema.with_info_before_validator_function(_number, deep)
    return {**deep, "strict": True} if kind in SCALARS else deep


def _number(value: object, info: ValidationInfo) -> object:
    if info.mode == "python" and isinstance(value, str | bool):
        raise PydanticCustomError("decimal_type", "Input should be a valid number")
    return value


class Config(BaseModel):
    """TOML tells 90 from "90", and so do we; a whole number is good where a fraction may stand.

    Lists become tuples and words the choices that they name, which TOML cannot write. As JSON, in a
    bundle, exact decimals are texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        schema: CoreSchema = _strict(handler(source))
        return schema
