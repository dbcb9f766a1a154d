"""Beauty and care."""

from typing import Final

from caini.demo.shelves.shelf import Shelf, ladder, words

BEAUTY: Final = ("beauty", "美妆个护")
_BRANDS: Final = words(
    "Lanyue|兰月, Snow Petal|雪瓣, Caomu|草木间, Hanfang|汉芳, Dewdrop|露珠, Plain|素己, Miro|弥若"
)

SHELVES: Final = (
    Shelf(
        code="shampoo",
        department=BEAUTY,
        label=("shampoo", "洗发水"),
        brands=_BRANDS,
        nouns=words(
            "ginger shampoo|生姜洗发水, silk conditioner|柔顺护发素, scalp scrub|头皮磨砂膏"
        ),
        variants=words("200 ml|200毫升, 500 ml|500毫升, refill|补充装"),
        sizes=(ladder("200 ml < 500 ml"),),
        price=69,
        weight=1.1,
        cycle_days=35,
        buy=0.3,
    ),
    Shelf(
        code="face-cream",
        department=BEAUTY,
        label=("face care", "面部护理"),
        brands=_BRANDS,
        nouns=words(
            "day cream|日霜, night cream|晚霜, rose toner|玫瑰水, "
            "serum|精华液, cleansing milk|洁面乳"
        ),
        variants=words("30 ml|30毫升, 50 ml|50毫升, 100 ml|100毫升"),
        sizes=(ladder("30 ml < 50 ml < 100 ml"),),
        price=229,
        spread=0.65,
        weight=1.4,
        peak_month=12,
        season=0.3,
        cycle_days=50,
        complements=("masks",),
    ),
    Shelf(
        code="sunscreen",
        department=BEAUTY,
        label=("sun care", "防晒"),
        brands=_BRANDS,
        nouns=words("sunscreen|防晒霜, sun spray|防晒喷雾, after-sun gel|晒后修护凝胶"),
        variants=words("SPF 30|SPF30, SPF 50|SPF50, for children|儿童款"),
        own={
            "after-sun gel": words("with aloe|芦荟, unscented|无香, for children|儿童款"),
        },
        price=118,
        weight=0.7,
        peak_month=6,
        season=1.6,
        complements=("camping",),
    ),
    Shelf(
        code="masks",
        department=BEAUTY,
        label=("masks", "面膜"),
        brands=_BRANDS,
        nouns=words("sheet masks|面膜, clay mask|泥膜, sleeping mask|睡眠面膜, eye masks|眼膜"),
        variants=words("5 pieces|5片, 10 pieces|10片, for men|男士款"),
        own={
            "clay mask": words("50 ml|50毫升, 100 ml|100毫升, for men|男士款"),
            "sleeping mask": words("50 ml|50毫升, 100 ml|100毫升, for men|男士款"),
        },
        sizes=(ladder("5 pieces < 10 pieces"), ladder("50 ml < 100 ml")),
        price=89,
        cycle_days=16,
        complements=("face-cream",),
        buy=0.2,
    ),
    Shelf(
        code="make-up",
        department=BEAUTY,
        label=("make-up", "彩妆"),
        brands=_BRANDS,
        nouns=words("lipstick|口红, powder|散粉, eye palette|眼影盘, mascara|睫毛膏, blusher|腮红"),
        variants=words("maple red|枫叶红, rose|玫瑰色, nude|裸色, peach|蜜桃色"),
        own={
            "powder": words("ivory|象牙色, sand|沙色, beige|米色, clear|透明"),
            "mascara": words("black|黑色, brown|棕色, blue|蓝色, clear|透明"),
        },
        price=139,
        spread=0.55,
        weight=1.2,
        complements=("masks",),
    ),
    Shelf(
        code="toothpaste",
        department=BEAUTY,
        label=("oral care", "口腔护理"),
        brands=words("Caomu|草木间, Plain|素己, White Pine|白松, Minty|薄荷岛"),
        nouns=words("toothpaste|牙膏, mouthwash|漱口水, bamboo toothbrushes|竹牙刷, floss|牙线"),
        variants=words("single|单支, pack of 3|3支装, for children|儿童款"),
        own={
            "mouthwash": words("250 ml|250毫升, 500 ml|500毫升, for children|儿童款"),
            "floss": words("1 reel|1卷, 3 reels|3卷, for children|儿童款"),
        },
        sizes=(ladder("single < pack of 3"), ladder("250 ml < 500 ml"), ladder("1 reel < 3 reels")),
        price=32,
        cycle_days=28,
        buy=0.4,
    ),
)
