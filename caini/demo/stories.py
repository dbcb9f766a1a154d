"""The customers that the demo shows by name, and what happens to each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from caini.demo.world import APP, EMAIL, POS, WEB, WECHAT
from engine.events import EventType

UNWILLING: Final = -50.0  # log odds: buys nothing but what the story says


@dataclass(frozen=True, slots=True)
class Act:
    """Something that surely happens: the dearest item of a shelf that costs at most `price`."""

    days_before_end: float
    shelf: str
    price: float | None = None  # in the shop's currency; None = what is left of the budget
    kind: EventType = EventType.PURCHASE
    on_sale: bool = False  # where the shelf has a sale at that time


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A named customer; what is not told keeps the value that chance gave it."""

    id: str
    line: tuple[str, str]  # English, Chinese
    arrived_days: float = 320  # before the end of the log
    away_days: tuple[float, float] | None = None  # from, to; before the end
    baby_days: float | None = None  # old at the end
    birthday_in_days: int | None = None  # after the end
    age: float = 30.4  # years at the end
    referrer: str | None = None
    member: bool = True
    channel: int = APP
    hour: float = 20.0
    sensitivity: float = 0.5
    visits: float = 20.0
    eagerness: float = 0.0
    units: float = 2.0
    open_rate: float = 0.2
    mail_channel: int = WECHAT
    regular: bool = True  # consumes only what fills a fifth of their interest, without noise
    affinity: Mapping[str, float] = field(default_factory=dict)  # by shelf
    budget: float = 0.0
    acts: tuple[Act, ...] = ()


STORIES: Final = (
    Story(
        id="mei",
        line=(
            "mother of a five-month-old; her three cans of milk run out tomorrow",
            "五个月宝宝的妈妈，三罐奶粉明天喝完",
        ),
        age=29.3,
        baby_days=146,  # 20 days after the last of the refills that come every 21 days
        units=3,
        hour=10,
        affinity={
            "formula": 0.35,
            "nappies": 0.25,
            "wipes": 0.1,
            "baby-clothes": 0.15,
            "toys": 0.15,
        },
        eagerness=-1.0,
    ),
    Story(
        id="lin",
        line=("student who waits for the sale", "等打折的大学生"),
        age=20.6,
        arrived_days=290,
        channel=WECHAT,
        hour=23,
        sensitivity=0.98,
        visits=60,
        eagerness=UNWILLING,
        units=1,
        affinity={"snacks": 0.2, "novels": 0.25, "make-up": 0.15, "chargers": 0.2, "socks": 0.2},
        acts=tuple(
            Act(days, shelf, 90, on_sale=True)
            for days, shelf in (
                (262, "snacks"),
                (231, "make-up"),
                (200, "novels"),
                (169, "snacks"),
                (138, "socks"),
                (112, "chargers"),
                (85, "snacks"),
                (50, "make-up"),
                (24, "novels"),
                (6, "snacks"),
            )
        ),
    ),
    Story(
        id="zhang-wei",
        line=("diamond member who buys the best", "只买好的钻石会员"),
        age=47.7,
        sensitivity=0.03,
        visits=70,
        eagerness=1.0,
        regular=False,
        affinity={"phones": 0.1, "headphones": 0.2, "watches": 0.2, "tea": 0.3, "teaware": 0.2},
        acts=(
            Act(260, "phones", 6_000),
            Act(220, "watches", 3_000),
            Act(180, "phones", 5_000),
            Act(150, "headphones", 2_000),
            Act(110, "watches", 4_000),
            Act(60, "phones", 4_500),
            Act(15, "coffee-machines", 3_000),
        ),
    ),
    Story(
        id="fang",
        line=("coffee lover who has not been seen for four months", "四个月没来的咖啡爱好者"),
        arrived_days=345,
        away_days=(125, -300),
        visits=50,
        regular=False,
        affinity={"coffee": 0.6, "filters": 0.2, "coffee-machines": 0.2},
        acts=(Act(128, "coffee", 120),),
    ),
    Story(
        id="xiao-yu",
        line=(
            "came yesterday, looked at running shoes, bought nothing",
            "昨天刚来，看了跑鞋，还没下单",
        ),
        arrived_days=1.2,
        member=False,
        visits=0.0,
        eagerness=UNWILLING,
        affinity={"running-shoes": 1.0},
        acts=(
            Act(1.15, "running-shoes", 600, EventType.VIEW),
            Act(1.14, "running-shoes", 450, EventType.VIEW),
            Act(1.13, "sportswear", 200, EventType.VIEW),
        ),
    ),
    Story(
        id="chen-bo",
        line=(
            "retired teacher; buys his tea in the store in the morning",
            "退休教师，早上到店买茶",
        ),
        age=66.2,
        channel=POS,
        hour=9,
        sensitivity=0.3,
        units=2,
        affinity={"tea": 0.5, "teaware": 0.3, "novels": 0.2},
    ),
    Story(
        id="anna",
        line=("opinion leader; her friends come because of her", "意见领袖，朋友都是她带来的"),
        arrived_days=350,
        sensitivity=0.3,
        visits=45,
        eagerness=0.8,
        regular=False,
        channel=WECHAT,
        affinity={
            "yoga": 0.2,
            "sportswear": 0.2,
            "face-cream": 0.2,
            "protein": 0.2,
            "camping": 0.2,
        },
        acts=(Act(33, "camping", 300), Act(9, "sportswear", 250)),
    ),
    Story(
        id="hao",
        line=("a friend of Anna's with one order", "安娜的朋友，只下过一单"),
        arrived_days=12,
        referrer="anna",
        visits=20,
        eagerness=UNWILLING,
        affinity={"yoga": 0.4, "sportswear": 0.3, "camping": 0.3},
        acts=(Act(10, "yoga", 200),),
    ),
    Story(
        id="li-na",
        line=(
            "beauty fan; opens the app at nine in the evening; birthday this week",
            "美妆达人，晚九点刷手机，本周生日",
        ),
        birthday_in_days=4,
        hour=21,
        eagerness=1.2,
        visits=60,
        open_rate=0.9,
        mail_channel=APP,
        regular=False,
        affinity={
            "make-up": 0.3,
            "face-cream": 0.3,
            "masks": 0.2,
            "sunscreen": 0.1,
            "candles": 0.1,
        },
        acts=(Act(35, "make-up", 200), Act(12, "face-cream", 300)),
    ),
    Story(
        id="wang-jun",
        line=(
            "runner who ordered every 25 days and is now overdue",
            "每25天下一单的跑者，现在过期未来",
        ),
        away_days=(61, -300),
        visits=15,
        eagerness=UNWILLING,
        affinity={"protein": 0.2, "running-shoes": 0.4, "socks": 0.4},
        acts=tuple(Act(62 + 25 * turn, "protein", 200) for turn in range(7, -1, -1)),
    ),
    Story(
        id="sofia",
        line=("bought a coffee machine yesterday and no filters", "昨天买了咖啡机，还没买滤纸"),
        channel=WEB,
        mail_channel=EMAIL,
        sensitivity=0.25,
        eagerness=UNWILLING,
        affinity={"coffee-machines": 0.4, "kitchen": 0.4, "cookbooks": 0.2},
        acts=(Act(40, "kitchen", 300), Act(1.5, "coffee-machines", 1_500)),
    ),
    Story(
        id="guo",
        line=(
            "father whose baby turns six months in three days: stage 2 without any event",
            "宝宝三天后满六个月，不用任何事件就进入2段",
        ),
        age=33.8,
        baby_days=179.6,
        units=4,
        channel=WEB,
        hour=22,
        eagerness=-1.0,
        affinity={"formula": 0.5, "bottles": 0.2, "toys": 0.2, "picture-books": 0.1},
    ),
    Story(
        id="tang",
        line=("a few points short of the first star", "差几分就到一星会员"),
        visits=12,
        eagerness=UNWILLING,
        affinity={"keyboards": 0.4, "lamps": 0.3, "novels": 0.3},
        budget=2_995,
        acts=(
            Act(70, "phones", 2_700),
            Act(60, "keyboards"),
            Act(52, "kitchen"),
            Act(45, "lamps"),
            Act(38, "chargers"),
            Act(30, "socks"),
            Act(20, "snacks"),
        ),
    ),
)
