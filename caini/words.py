"""Words that several verbs print, in both languages."""

from collections.abc import Mapping
from typing import Final, get_args

from engine.errors import ConfigError
from engine.reasons import Language

Words = Mapping[str, Mapping[Language, str]]
WORDS: Final[Words] = {
    "unknown": {"en": "nobody knows them yet", "zh": "新访客"},
    "segment": {"en": "segment", "zh": "分群"},
    "stage": {"en": "stage", "zh": "阶段"},
    "value_class": {"en": "value", "zh": "价值"},
    "tier": {"en": "tier", "zh": "等级"},
    "item": {"en": "item", "zh": "商品"},
    "audience": {
        "en": "{out}: {written} customers of {chosen} chosen "
        "({capped} capped, {held_out} held out, {without_items} without items)",
        "zh": "{out}：选中{chosen}位客户，写入{written}位"
        "（达到联系上限{capped}位，留作对照{held_out}位，无可推荐商品{without_items}位）",
    },
    "sent_before_name": {
        "en": "left out: {sent_before} who were sent a list of the name {list} within {hours} "
        "hours; "
        "what has another --name is another list",
        "zh": "不再发送：{sent_before}位客户在{hours}小时内已收到同名名单（{list}）；"
        "另起 --name 即为另一份名单",
    },
    "held_before_name": {
        "en": "of those held out, {held_before} were held out of an earlier list of the name "
        "{list}",
        "zh": "对照客户中{held_before}位在此前的同名名单（{list}）中已留作对照",
    },
    "sent_before_campaign": {
        "en": "left out: {sent_before} who were sent this campaign before; --after LIST writes to "
        "them again",
        "zh": "不再发送：{sent_before}位客户已收到过此活动的名单；再次发送请用 --after 名单名",
    },
    "held_before_campaign": {
        "en": "of those held out, {held_before} were held out of an earlier list of the campaign",
        "zh": "对照客户中{held_before}位在此活动此前的名单中已留作对照",
    },
    "triggers": {
        "en": "{out}: {parts} ({capped} capped)",
        "zh": "{out}：{parts}（因联系上限推迟{capped}条）",
    },
    "messages": {"en": "{count} {name}", "zh": "{name}{count}条"},
    "between": {"en": ", ", "zh": "，"},
    "nobody": {"en": "nobody", "zh": "无人"},
    "why": {"en": "why", "zh": "推荐理由"},
}
STANDING: Final = ("segment", "stage", "value_class", "tier")
"""What is said of a customer in one line, in this order."""


def language_named(lang: str | None) -> Language | None:
    """As asked for; None where the shop's is meant. Raises ConfigError for neither en nor zh."""
    for language in get_args(Language):
        if lang == language:
            return language  # type: ignore[no-any-return]  # get_args is not typed
    if lang is None:
        return None
    raise ConfigError(f"--lang {lang}: must be en or zh")
