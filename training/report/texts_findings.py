"""What the findings say; the names in braces are the finding's values, in their columns' kinds."""

from collections.abc import Mapping
from typing import Final

FINDING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "finding.week_up": (
        "Sales of {sales_minor} this week, {growth} against last week. Check that what rose is in "
        "stock, and keep it in sight.",
        "本周销售额 {sales_minor}，较上周 {growth}。请确认上升商品库存充足，并保持曝光。",
    ),
    "finding.week_down": (
        "Sales of {sales_minor} this week, {growth} against last week. Look at the items that fell "
        "before you change anything else.",
        "本周销售额 {sales_minor}，较上周 {growth}。请先查看下降的商品，再做其他调整。",
    ),
    "finding.win_back": (
        "Win back {customers} good customers who are overdue or asleep: they brought {sales_minor} "
        "in the past year, {sales_share} of what known customers spent. Write to them first.",
        "挽回 {customers} 位已逾期或沉睡的优质客户：过去一年贡献 {sales_minor}，占已识别客户消费的 "
        "{sales_share}。请优先联系。",
    ),
    "finding.fell_asleep": (
        "{customers} customers fell asleep in the last four weeks; they brought {sales_minor} in "
        "the past year. A reason to return works best now.",
        "最近四周有 {customers} 位客户进入沉睡，过去一年贡献 {sales_minor}。现在唤醒效果最好。",
    ),
    "finding.one_order": (
        "{customers} customers, {customer_share} of all buyers, ordered once and never again. The "
        "second order is the one to work for.",
        "{customers} 位客户（占购买者 {customer_share}）只下过一单。应着力促成第二单。",
    ),
    "finding.dependence": (
        "The shop leans on few: the best fifth of customers bring {fifth_part} of sales, the best "
        "hundredth alone {top_part}. Know them by name.",
        "销售依赖少数客户：前 20% 客户贡献 {fifth_part}，仅前 1% 就贡献 {top_part}。请逐一维护。",
    ),
    "finding.due": (
        "{customers} customers are due for something they buy again; one unit of each is worth "
        "{worth_minor}. Send the reminder this week.",
        "{customers} 位客户有商品到了补货期，每样一件共值 {worth_minor}。请本周提醒。",
    ),
    "finding.near_tier": (
        "{customers} customers lack less than a tenth of the points for their next tier. Tell them.",
        "{customers} 位客户距下一等级不足一成积分。请告知他们。",
    ),
    "finding.not_shown": (
        "{items} items sold {sales_minor} in the last 90 days and are in none of the slates that "
        "were made. Pin the best of them, or see why they lose.",
        "{items} 件商品近 90 天售出 {sales_minor}，却不在任何推荐列表中。请置顶其中佳品，或查明原因。",
    ),
    "finding.shown_unsold": (
        "{items} items take {shown} places and sold nothing in the last 90 days. Look at price, "
        "picture and stock, or take them out.",
        "{items} 件商品占了 {shown} 个展示位，近 90 天却没有销量。请检查价格、图片与库存，或撤下。",
    ),
    "finding.head_leans": (
        "Best sellers take {shown_share} of the places with {sales_share} of the sales. Give the "
        "tail more room, or the catalogue narrows.",
        "畅销品占 {shown_share} 的展示位，而销售占比为 {sales_share}。请给长尾更多位置，以免品类收窄。",
    ),
    "finding.pair": (
        "Offer “{title}” with “{with_title}”: {baskets} baskets hold both, {lift} times what chance "
        "would give.",
        "将“{title}”与“{with_title}”搭配销售：{baskets} 个订单同时包含，是随机水平的 {lift} 倍。",
    ),
    "finding.fastest_country": (
        "{country} grows fastest: {growth} against the four weeks before, {sales_minor} from "
        "{customers} customers.",
        "增长最快的是 {country}：较前四周 {growth}，{customers} 位客户消费 {sales_minor}。",
    ),
    "finding.nameless": (
        "{sales_share} of the last four weeks' sales have no known customer. Each sign-in at the "
        "till makes the recommendations better.",
        "最近四周 {sales_share} 的销售没有可识别的客户。多一次登录，推荐就更准一分。",
    ),
    "finding.refunds": (
        "Refunds took {refunds_minor} in the last four weeks, {refund_share} of what was sold. See "
        "whether a few large orders came back, or an item fails.",
        "最近四周退款 {refunds_minor}，占售出的 {refund_share}。请查明是少数大单退回，还是商品有问题。",
    ),
    "finding.engine_ahead_everything": (
        "The engine earns its place: on all that customers went on to buy, its list scores {ndcg} "
        "against {popular} for popular items, {times} times as much.",
        "推荐引擎有效：对客户之后的全部购买，得分 {ndcg}，热门商品为 {popular}，是其 {times} 倍。",
    ),
    "finding.engine_behind_everything": (
        "The engine is behind: on all that customers went on to buy it scores {ndcg} against "
        "{popular} for popular items. Ask for a look at the log before you rely on it.",
        "推荐引擎落后：对客户之后的全部购买，得分 {ndcg}，热门商品为 {popular}。使用前请先检查日志。",
    ),
    "finding.engine_ahead_new_items": (
        "For items that are new to a customer the engine scores {ndcg} against {popular} for "
        "popular items, {times} times as much.",
        "对客户首次购买的商品，引擎得分 {ndcg}，热门商品为 {popular}，是其 {times} 倍。",
    ),
    "finding.engine_behind_new_items": (
        "For items that are new to a customer popular items still do better ({popular}) than the "
        "engine ({ndcg}). Its strength here is what people buy again.",
        "对客户首次购买的商品，热门商品（{popular}）仍优于引擎（{ndcg}）。引擎目前长于复购。",
    ),
}
