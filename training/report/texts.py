"""Every word of the report in both languages; a test fails when one is missing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.reasons import Language
from training.report.texts_columns import COLUMN_TEXTS
from training.report.texts_findings import FINDING_TEXTS
from training.report.texts_sections import SECTION_TEXTS

Text = tuple[str, str]  # English, Chinese

PAGE_TEXTS: Final[Mapping[str, Text]] = {
    "title": ("The merchandiser's report", "商品运营报告"),
    "brand": ("Caini", "猜你"),
    "skip": ("Skip to the report", "跳到正文"),
    "contents": ("Contents", "目录"),
    "as_of": ("As of {date}", "截至 {date}"),
    "bundle": (
        "Bundle {version} · {events} events · {customers} customers · {items} items",
        "模型包 {version} · {events} 条事件 · {customers} 位客户 · {items} 件商品",
    ),
    "footer": (
        "Money in {currency}, net of refunds unless it says otherwise. Days are those of {zone}. "
        "Groups of fewer than {k} people are not shown. Each table is also a CSV file beside this "
        "page.",
        "金额单位为 {currency}，除另有说明外均已扣除退款；日期按 {zone} 时区。少于 {k} 人的群体不显示。"
        "每张表另有同名 CSV 文件。",
    ),
    "more_rows": ("{count} more rows in {file}", "其余 {count} 行见 {file}"),
    "hidden_rows": (
        "{count} groups of fewer than {k} people are not shown",
        "有 {count} 个少于 {k} 人的群体未显示",
    ),
    "no_rows": ("Nothing to tell here.", "此处暂无内容。"),
    "timeless": (
        "The log holds no times, so nothing can be said of weeks and of who moved.",
        "日志没有时间，因此无法比较各周，也无法说明谁有变动。",
    ),
    "missing": ("–", "–"),
    "none_tier": ("no tier", "无等级"),
    "unnamed": ("(not named)", "（未注明）"),
    "nobody_yet": ("not yet a customer", "尚非客户"),
    "visitor": ("visitor who is not known", "未知访客"),
    "scroll": ("table, scrolls sideways", "表格，可横向滚动"),
    "see": ("See the figures", "查看数据"),
}

VALUE_TEXTS: Final[Mapping[str, Text]] = {
    "measure.sales_minor": ("Sales", "销售额"),
    "measure.orders": ("Orders", "订单数"),
    "measure.customers": ("Customers who bought", "购买客户数"),
    "measure.new_customers": ("First-time buyers", "首次购买客户"),
    "measure.median_order_minor": ("Middle order, before refunds", "订单金额中位数（退款前）"),
    "measure.units": ("Units, net", "净销量（件）"),
    "measure.refund_share": ("Refunds, share of what was sold", "退款占比"),
    "measure.known_share": ("Share of sales with a known customer", "已识别客户销售占比"),
    "path.personal": ("Personal", "个性化推荐"),
    "path.popular": ("Popular items for all", "热门商品（人人相同）"),
    "aim.everything": ("All they bought", "全部购买"),
    "aim.new_items": ("New to them", "首次购买的商品"),
    "by.value_class": ("Value", "客户价值"),
    "by.stage": ("Life-cycle", "生命周期"),
    "by.tier": ("Tier", "等级"),
    "part.head": ("Best-selling fifth", "畅销头部（前 20%）"),
    "part.tail": ("The rest that sold", "长尾"),
    "part.unsold": ("Did not sell", "未售出"),
    "dead.never_shown": ("Sell, and are never shown", "有销量但从未展示"),
    "dead.never_sold": ("Are shown, and do not sell", "有展示但没有销量"),
    "dead.never_touched": ("Never sold and never shown", "从未售出也从未展示"),
}

TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {**PAGE_TEXTS, **VALUE_TEXTS, **SECTION_TEXTS, **COLUMN_TEXTS, **FINDING_TEXTS}
)


def text(key: str, language: Language) -> str:
    """Raises KeyError for a text that does not exist."""
    english, chinese = TEXTS[key]
    return chinese if language == "zh" else english
