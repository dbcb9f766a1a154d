"""Chapters and sections: their titles, and a sentence that says how to read each table."""

from collections.abc import Mapping
from typing import Final

SECTION_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "chapter.changes": ("What changed since last week?", "与上周相比有何变化？"),
    "chapter.quality": ("Is the engine good?", "推荐引擎好不好？"),
    "chapter.customers": ("Who are our customers?", "我们的客户是谁？"),
    "chapter.exposure": ("What do we show?", "我们展示了什么？"),
    "chapter.pairs": ("What goes together, what is due again?", "什么搭配销售，什么该补货？"),
    "chapter.examples": ("Twelve customers", "十二位客户"),
    "chapter.findings": ("What should I do?", "我该做什么？"),
    "lead.changes": (
        "The last seven days up to the end of the log beside the seven before.",
        "日志末尾的最近七天，与之前七天相比。",
    ),
    "lead.quality": (
        "Each measure asks: of what customers went on to buy, how much stood in the first ten "
        "places? Popular items, the same for all, are the mark to beat.",
        "每项指标都在问：客户之后购买的商品，有多少出现在前十位？人人相同的热门商品是要超过的基准。",
    ),
    "lead.customers": (
        "Everybody who is known, with their orders of the past year, net of refunds.",
        "所有已知客户及其过去一年的订单，已扣除退款。",
    ),
    "lead.exposure": (
        "The slates that {customers} customers and {pages} item pages would get now, beside what "
        "sold in the last 90 days.",
        "{customers} 位客户与 {pages} 个商品页此刻会得到的推荐列表，与近 90 天的销售相比。",
    ),
    "lead.pairs": (
        "From all baskets of the log, and from how long each item lasts its buyers.",
        "依据日志中的全部订单，以及每件商品通常可用多久。",
    ),
    "lead.examples": (
        "The customer in the middle of each kind, so that no extreme stands for it; nobody is "
        "named. What they did last stands beside what they would be shown, and why.",
        "每类取居中的一位，不以极端为代表，也不透露姓名。左为最近的行为，右为将展示的商品及理由。",
    ),
    "lead.findings": (
        "Computed from the tables above; each with the figure that made it speak.",
        "由上面的数据得出，每条附有依据。",
    ),
    "section.week": ("The week in figures", "一周概览"),
    "note.week": (
        "The usual week is the mean of the four before; a year ago is 52 weeks back.",
        "“通常一周”为之前四周的平均；“去年同期”为 52 周之前。",
    ),
    "section.weekly": ("Sales by week", "每周销售额"),
    "note.weekly": ("Whole weeks back from the end of the log.", "自日志末尾起按整周回溯。"),
    "section.movers": ("Items that rose and fell most", "升降最大的商品"),
    "note.movers": (
        "Only items that {k} or more known customers bought in the two weeks.",
        "仅列两周内至少有 {k} 位已知客户购买的商品。",
    ),
    "section.held_out": ("On the part that was held out", "留出数据上的表现"),
    "note.held_out": (
        "Trained on the first part of the log, judged on the rest ({split}), first ten places, "
        "{count} customers.",
        "用日志前段训练，以其余部分评判（{split}），取前十位，{count} 位客户。",
    ),
    "section.forward": ("On what customers bought since", "之后的真实购买"),
    "note.forward": (
        "Bundle {version} against {days} days of purchases that it never saw, by {count} "
        "customers: personal {personal} ({low} to {high}), popular {popular}. The difference is "
        "{difference} ({from_} to {to}, 95 % interval, p = {p}).",
        "模型包 {version} 面对其从未见过的 {days} 天购买（{count} 位客户）：个性化 {personal}"
        "（{low} 至 {high}），热门 {popular}；差为 {difference}（95% 区间 {from_} 至 {to}，p = {p}）。",
    ),
    "note.no_forward": (
        "No bundle is a day older than the log yet. From the next training on, the bundle before "
        "is judged here by what customers bought since, with intervals.",
        "尚无比日志早一天以上的模型包。下次训练后，将在此以真实购买评判上一模型包，并给出区间。",
    ),
    "note.not_measured": (
        "This bundle was published without a measurement.",
        "该模型包发布时没有评测结果。",
    ),
    "section.value_class": ("Eight classes", "八级客户"),
    "note.value_class": (
        "Of the year's buyers the best 1 % are top, the next 4 % large, the next 15 % medium, the "
        "others small (shares as set in shop.toml).",
        "一年内的购买者中，前 1% 为顶级，其后 4% 为大，再后 15% 为中，其余为小（比例见 shop.toml）。",
    ),
    "section.rfm": ("RFM map", "RFM 图"),
    "note.rfm": (
        "Customers by how lately (up) and how often (right) they order, each scored 1 to 5; an "
        "empty field has fewer than {k}.",
        "按最近一次购买（纵）与购买频次（横）各评 1 至 5 分；空格表示少于 {k} 人。",
    ),
    "section.stage": ("Life-cycle", "生命周期"),
    "note.stage": (
        "Where customers stand now and where they stood four weeks ago.",
        "客户现在与四周前所处的阶段。",
    ),
    "section.stage_moves": ("Who moved", "阶段变动"),
    "note.stage_moves": (
        "Customers who stand elsewhere than four weeks ago, with the past year's sales to them.",
        "与四周前阶段不同的客户，及其过去一年的销售额。",
    ),
    "section.tiers": ("Tiers", "会员等级"),
    "note.tiers": (
        "Near: at least 90 % of the points of the next tier.",
        "“接近”指积分已达下一等级的 90% 以上。",
    ),
    "section.tops": ("How few bring how much", "二八曲线"),
    "note.tops": (
        "The share of the year's sales that the best customers and the best items bring.",
        "前若干客户与商品在一年销售中所占比例。",
    ),
    "section.curve": ("The curve in full", "完整曲线"),
    "section.development": ("3 + 3 + 4", "3+3+4 分级"),
    "note.development": (
        "By rank of value: 30 % established, 30 % to develop, 40 % potential.",
        "按价值排序：30% 成熟、30% 待发展、40% 潜力。",
    ),
    "section.development_moves": ("Who moved between the parts", "3+3+4 变动"),
    "note.development_moves": (
        "Customers whose part is another than four weeks ago.",
        "与四周前分组不同的客户。",
    ),
    "section.opinion": ("15 / 35 / 50", "15/35/50 分级"),
    "note.opinion": (
        "15 % opinion leaders by referrals, ratings and value; 35 % intending by carts and "
        "searches; 50 % to nurture.",
        "15% 意见领袖（推荐、评价、价值），35% 意向客户（加购、搜索），50% 需培育。",
    ),
    "section.customer_type": ("Five types", "五类客户"),
    "note.customer_type": (
        "Each customer once, by the highest type that fits.",
        "每位客户只归入最高的一类。",
    ),
    "section.relation": ("Members and buyers", "会员与购买"),
    "note.relation": (
        "Each of the four fields wants its own approach: sign up, first order, reward, wake.",
        "四格各有策略：邀请注册、促成首单、奖励、唤醒。",
    ),
    "section.channel": ("Sales by channel", "分渠道销售"),
    "note.channel": (
        "The last four weeks. Coverage is the share of the period's buyers who bought there.",
        "最近四周。覆盖率为期内购买客户中在该渠道购买者的比例。",
    ),
    "section.country": ("Sales by country", "分国家/地区销售"),
    "note.country": ("The last four weeks.", "最近四周。"),
    "section.category": ("By category", "按品类"),
    "note.category": (
        "Above 1 an item group is shown more than it sells, below 1 less.",
        "大于 1 表示展示多于销售，小于 1 则相反。",
    ),
    "section.brand": ("By brand", "按品牌"),
    "note.brand": ("As above, for brands.", "同上，按品牌。"),
    "section.price_band": ("By price", "按价格带"),
    "note.price_band": (
        "Five equal parts of the catalogue, the cheapest first.",
        "将商品按价格五等分，由低到高。",
    ),
    "section.part": ("Head and tail", "头部与长尾"),
    "note.part": (
        "The best-selling fifth of the items that sold, the rest, and what did not sell.",
        "售出商品中最畅销的五分之一、其余，以及未售出的商品。",
    ),
    "section.stock": ("Dead stock", "呆滞商品"),
    "note.stock": (
        "“Never shown” is said of the slates that were made for this report.",
        "“从未展示”以本报告生成的推荐列表为准。",
    ),
    "section.never_shown": ("Sell, and are never shown", "有销量但从未展示"),
    "note.never_shown": (
        "Listed where {k} or more known customers bought them in the last 90 days.",
        "仅列近 90 天至少有 {k} 位已知客户购买的商品。",
    ),
    "section.never_sold": ("Are shown, and do not sell", "有展示但没有销量"),
    "note.never_sold": (
        "Net sales of the last 90 days are nothing.",
        "近 90 天净销售为零。",
    ),
    "section.never_touched": ("Never sold and never shown", "从未售出也从未展示"),
    "note.never_touched": ("In the whole log.", "以整个日志为准。"),
    "section.slot": ("Coverage by slot", "各推荐位覆盖率"),
    "note.slot": (
        "Coverage is the share of the catalogue that a slot's slates hold; concentration is 0 when "
        "all items are shown alike and near 1 when one has all places.",
        "覆盖率为推荐位的列表所含商品占全部商品的比例；集中度为 0 表示均匀展示，接近 1 表示集中于少数。",
    ),
    "section.exposure_tier": ("What each tier is shown", "各等级看到什么"),
    "note.exposure_tier": (
        "The same tier has the same price; what differs is what is shown. Mean price of a place, "
        "and the share of places on sale and of best sellers.",
        "同等级同价格，不同的只是展示内容：展示位均价、促销品占比与畅销品占比。",
    ),
    "section.together": ("Bought together", "常一起购买"),
    "note.together": (
        "Pairs that share more baskets than chance would give, the surest first; {k} baskets or "
        "more.",
        "同单次数超过随机水平的商品对，最确定者在前；至少 {k} 个订单。",
    ),
    "section.due_again": ("Due again now", "现已到补货期"),
    "note.due_again": (
        "Customers whose last purchase of the item is nearly used up, by the usual days between "
        "purchases.",
        "按通常的复购间隔，上次所购即将用完的客户。",
    ),
    "tile.last_week": ("{value} against last week", "较上周 {value}"),
    "tile.popular": ("popular items: {value}", "热门商品：{value}"),
    "tile.share": ("{value} of all", "占 {value}"),
    "tile.no_compare": ("nothing to compare with", "无可比数据"),
    "tile.recall_all": ("Found of all they bought", "命中全部购买"),
    "tile.recall_new": ("Found of what was new to them", "命中首次购买"),
    "tile.coverage": ("Catalogue shown", "商品覆盖率"),
    "tile.known": ("Known customers", "已知客户"),
    "tile.buyers": ("Bought in the past year", "近一年有购买"),
    "tile.active": ("New, ordinary, loyal or advocate", "活跃（新、普通、忠诚、倡导）"),
    "tile.asleep": ("Dormant or lost", "沉睡或流失"),
    "tile.everywhere": ("Items in any slate", "出现在推荐中的商品"),
    "tile.head": ("Places of best sellers", "畅销品占位"),
    "tile.pairs": ("Pairs surer than chance", "可靠的商品对"),
    "tile.due_customers": ("Customers with something due", "有到期商品的客户"),
    "legend.customers": ("customers", "客户"),
    "legend.sales": ("sales", "销售额"),
    "legend.items": ("items", "商品"),
    "legend.shown": ("places", "展示"),
    "legend.now": ("now", "现在"),
    "legend.before": ("four weeks ago", "四周前"),
    "legend.personal": ("personal", "个性化"),
    "legend.popular": ("popular", "热门"),
    "legend.fifth": ("best 20 %", "前 20%"),
    "legend.few": ("seldom", "少"),
    "legend.often": ("often", "多"),
    "legend.lately": ("lately", "近"),
    "legend.long_ago": ("long ago", "远"),
    "example.orders": ("{orders} orders", "{orders} 单"),
    "example.spent": ("{sales_minor} in the past year", "近一年 {sales_minor}"),
    "example.history": ("What they did last", "最近的行为"),
    "example.empty": ("Nothing is known.", "尚无记录。"),
    "example.bought": ("bought {units}", "买过 {units} 件"),
    "example.looked": ("looked at", "看过"),
}
