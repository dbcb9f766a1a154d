"""What went wrong, in the language that the command line asks for: names and bundles in Chinese."""

from collections.abc import Mapping
from typing import Final

from engine.errors import CainiError, NothingPublished, UnknownName

KINDS: Final[Mapping[str, str]] = {
    "segment": "分群",
    "item": "商品",
    "brand": "品牌",
    "category": "品类",
    "campaign": "活动",
    "list": "名单",
    "slot": "推荐栏",
    "version": "版本",
    "model": "模型",
    "format": "格式",
}


def told(error: CainiError, lang: str | None) -> list[str]:
    """Lines for the terminal. What has no Chinese yet is told in English."""
    said = in_chinese(error) if lang == "zh" else None
    if said is not None:
        return [f"caini: 错误：{said}"]
    return [f"caini: error: {line}" for line in str(error).splitlines()]


def in_chinese(error: CainiError) -> str | None:
    if isinstance(error, NothingPublished):
        return f"{error.bundles}：尚未发布任何模型包；请先运行 caini train"
    if not isinstance(error, UnknownName) or error.kind not in KINDS:
        return None
    near = f"；您是否要写 {' 或 '.join(error.near)}？" if error.near else ""
    listed = f"；现有：{error.listed() or '无'}" if error.told_of else ""
    return f"没有名为 {error.name!r} 的{KINDS[error.kind]}{near}{listed}".replace("？；", "？")
