"""Baby: the shelves whose stages follow the age of a child."""

from typing import Final

from caini.demo.shelves.shelf import Shelf, ladder, words

BABY: Final = ("baby", "母婴")
_BRANDS: Final = words(
    "Beiya|贝芽, Muyun|牧云, Little Plum|小青梅, Nuanyang|暖阳, Xinghe|星禾, Milu|麋鹿"
)

SHELVES: Final = (
    Shelf(
        code="formula",
        department=BABY,
        label=("formula", "奶粉"),
        brands=words("Beiya|贝芽, Muyun|牧云, Alpine Bell|雪铃, Xinghe|星禾, Whitefield|白原"),
        nouns=words(
            "infant formula|婴儿配方奶粉, organic formula|有机配方奶粉, goat formula|羊奶粉"
        ),
        variants=words("800 g|800克, 400 g|400克"),
        sizes=(ladder("400 g < 800 g"),),
        stages=words("stage 1|1段, stage 2|2段, stage 3|3段, stage 4|4段"),
        stage_months=(6, 12, 36),
        until_month=60,
        price=198,
        spread=0.22,
        weight=1.6,
        cycle_days=7,
        complements=("wipes", "bottles"),
        buy=0.4,
    ),
    Shelf(
        code="nappies",
        department=BABY,
        label=("nappies", "纸尿裤"),
        brands=_BRANDS,
        nouns=words("soft nappies|柔软纸尿裤, night nappies|夜用纸尿裤, pull-up pants|拉拉裤"),
        variants=words("64 pieces|64片, 40 pieces|40片"),
        sizes=(ladder("40 pieces < 64 pieces"),),
        stages=words("size S|S码, size M|M码, size L|L码, size XL|XL码"),
        stage_months=(3, 9, 18),
        until_month=36,
        price=99,
        spread=0.25,
        weight=1.3,
        cycle_days=10,
        complements=("wipes",),
        buy=0.3,
    ),
    Shelf(
        code="wipes",
        department=BABY,
        label=("wipes", "湿巾"),
        brands=_BRANDS,
        nouns=words("baby wipes|婴儿湿巾, hand and mouth wipes|手口湿巾, cotton tissues|棉柔巾"),
        variants=words("80 sheets|80抽, 5 packs|5包装, travel pack|便携装"),
        sizes=(ladder("travel pack < 80 sheets < 5 packs"),),
        price=32,
        cycle_days=12,
        complements=("nappies",),
        buy=0.3,
    ),
    Shelf(
        code="bottles",
        department=BABY,
        label=("bottles", "奶瓶"),
        brands=_BRANDS,
        nouns=words(
            "glass bottle|玻璃奶瓶, wide-neck bottle|宽口奶瓶, "
            "sippy cup|学饮杯, bottle warmer|温奶器"
        ),
        variants=words("160 ml|160毫升, 240 ml|240毫升, set of two|两只装"),
        own={
            "bottle warmer": words("travel|便携款, standard|标准款, with steriliser|带消毒"),
        },
        sizes=(
            ladder("160 ml < 240 ml < set of two"),
            ladder("travel < standard < with steriliser"),
        ),
        price=89,
        complements=("formula",),
    ),
    Shelf(
        code="baby-clothes",
        department=BABY,
        label=("baby clothes", "童装"),
        brands=words(
            "Little Plum|小青梅, Cotton Cloud|棉云, Milu|麋鹿, Tangtang|糖糖, Acorn|小橡果"
        ),
        nouns=words(
            "romper|连体衣, pyjamas|睡衣, knit hat|针织帽, down jacket|羽绒服, sleep bag|睡袋"
        ),
        variants=words("66 cm|66码, 80 cm|80码, 100 cm|100码"),
        price=119,
        complements=("toys",),
    ),
    Shelf(
        code="toys",
        department=BABY,
        label=("toys", "玩具"),
        brands=words(
            "Mutou|木头人, Blue Whale|蓝鲸, Tangtang|糖糖, Acorn|小橡果, Seven Colours|七彩"
        ),
        nouns=words(
            "building blocks|积木, wooden train|木制火车, plush bear|毛绒小熊, puzzle|拼图"
        ),
        variants=words("small|小号, large|大号, gift box|礼盒装, travel set|旅行装"),
        sizes=(ladder("travel set < small < large < gift box"),),
        price=139,
        peak_month=12,
        season=0.6,
        complements=("picture-books",),
    ),
)
