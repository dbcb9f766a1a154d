"""Food, and coffee and tea."""

from typing import Final

from caini.demo.shelves.shelf import Shelf, ladder, words

FOOD: Final = ("food", "食品")
DRINKS: Final = ("coffee & tea", "咖啡茶饮")
_PANTRY: Final = words(
    "Tianye|田野, Granny Wu|吴阿婆, Jinsui|金穗, "
    "Red Lantern|红灯笼, Shanhai|山海, Old Street|老街坊"
)
_ROASTERS: Final = words("Night Owl|夜枭, Yunling|云岭, Harbour|港湾, Third Cup|第三杯, Ember|余烬")
_GARDENS: Final = words(
    "Qingshan|青山, Yunwu|云雾, Heming|鹤鸣, Lanting|兰溪, Stone Well|石井, Baicao|百草"
)

SHELVES: Final = (
    Shelf(
        code="snacks",
        department=FOOD,
        label=("snacks", "零食"),
        brands=_PANTRY,
        nouns=words(
            "rice crackers|米饼, seaweed crisps|海苔脆, beef jerky|牛肉干, egg rolls|蛋卷, "
            "plum candy|话梅糖, potato chips|薯片"
        ),
        variants=words("80 g|80克, 200 g|200克, family pack|家庭装"),
        sizes=(ladder("80 g < 200 g < family pack"),),
        price=29,
        weight=1.8,
        cycle_days=9,
        buy=0.5,
    ),
    Shelf(
        code="nuts",
        department=FOOD,
        label=("nuts", "坚果"),
        brands=_PANTRY,
        nouns=words(
            "walnuts|核桃, almonds|巴旦木, daily mix|每日坚果, pistachios|开心果, cashews|腰果"
        ),
        variants=words("250 g|250克, 500 g|500克, gift box|礼盒装"),
        sizes=(ladder("250 g < 500 g < gift box"),),
        price=69,
        peak_month=1,
        season=0.6,
        cycle_days=18,
        buy=0.3,
    ),
    Shelf(
        code="rice",
        department=FOOD,
        label=("rice & noodles", "米面"),
        brands=_PANTRY,
        nouns=words(
            "jasmine rice|香米, north-east rice|东北大米, "
            "buckwheat noodles|荞麦面, rice noodles|米粉"
        ),
        variants=words("1 kg|1千克, 2.5 kg|2.5千克, 5 kg|5千克"),
        sizes=(ladder("1 kg < 2.5 kg < 5 kg"),),
        price=52,
        weight=1.2,
        cycle_days=24,
        complements=("sauces",),
        buy=0.4,
    ),
    Shelf(
        code="sauces",
        department=FOOD,
        label=("oil & sauces", "粮油调味"),
        brands=_PANTRY,
        nouns=words(
            "soy sauce|酱油, sesame oil|香油, chilli crisp|油辣子, "
            "rapeseed oil|菜籽油, vinegar|香醋"
        ),
        variants=words("300 ml|300毫升, 500 ml|500毫升, 1 l|1升"),
        sizes=(ladder("300 ml < 500 ml < 1 l"),),
        price=36,
        cycle_days=40,
        complements=("rice",),
        buy=0.4,
    ),
    Shelf(
        code="fruit",
        department=FOOD,
        label=("fresh fruit", "水果"),
        brands=words("Orchard Lane|果园巷, Jinsui|金穗, Sunny Slope|向阳坡, South Isle|南屿"),
        nouns=words("apples|苹果, mandarins|蜜桔, mangoes|芒果, blueberries|蓝莓, lychees|荔枝"),
        variants=words("1 kg|1千克, 2.5 kg|2.5千克, gift box|礼盒装"),
        sizes=(ladder("1 kg < 2.5 kg < gift box"),),
        price=59,
        weight=1.2,
        peak_month=7,
        season=0.5,
        cycle_days=7,
        buy=0.5,
    ),
    Shelf(
        code="mooncakes",
        department=FOOD,
        label=("mooncakes", "月饼"),
        brands=_PANTRY,
        nouns=words(
            "lotus mooncakes|莲蓉月饼, custard mooncakes|流心月饼, pork mooncakes|鲜肉月饼"
        ),
        variants=words("box of 4|4枚装, box of 8|8枚装, gift tin|铁盒礼装"),
        sizes=(ladder("box of 4 < box of 8 < gift tin"),),
        price=168,
        weight=0.3,
        peak_month=9,
        season=3.0,
        complements=("tea",),
    ),
    Shelf(
        code="coffee",
        department=DRINKS,
        label=("coffee beans", "咖啡豆"),
        brands=_ROASTERS,
        nouns=words(
            "Yunnan beans|云南咖啡豆, espresso blend|意式拼配, Yirgacheffe beans|耶加雪菲, "
            "decaf beans|低因咖啡豆, drip bags|挂耳咖啡"
        ),
        variants=words("227 g|227克, 500 g|500克, 1 kg|1千克"),
        sizes=(ladder("227 g < 500 g < 1 kg"),),
        price=88,
        weight=1.4,
        cycle_days=14,
        complements=("filters",),
        buy=0.3,
    ),
    Shelf(
        code="coffee-machines",
        department=DRINKS,
        label=("coffee machines", "咖啡机"),
        brands=words("Kettle & Co|壶记, Brewlab|酿研, Ember|余烬, Mubai|木白, Copper Pot|铜壶"),
        nouns=words(
            "espresso machine|意式咖啡机, drip machine|滴滤咖啡机, hand grinder|手摇磨豆机, "
            "pour-over set|手冲套装"
        ),
        variants=words("silver|银色, black|黑色, cream|奶油色"),
        price=799,
        weight=0.5,
        complements=("filters", "coffee"),
        buy=-0.5,
    ),
    Shelf(
        code="filters",
        department=DRINKS,
        label=("filters & care", "滤纸配件"),
        brands=words("Kettle & Co|壶记, Brewlab|酿研, Mubai|木白, Paper Crane|纸鹤"),
        nouns=words("paper filters|咖啡滤纸, cloth filters|滤布, cleaning tablets|清洁片"),
        variants=words("20 pieces|20片, 40 pieces|40片, 100 pieces|100片"),
        sizes=(ladder("20 pieces < 40 pieces < 100 pieces"),),
        price=38,
        weight=0.6,
        cycle_days=30,
        complements=("coffee",),
        buy=0.3,
    ),
    Shelf(
        code="tea",
        department=DRINKS,
        label=("tea", "茶叶"),
        brands=_GARDENS,
        nouns=words(
            "Longjing tea|龙井茶, Tieguanyin|铁观音, white tea|白茶, Pu'er cake|普洱茶饼, "
            "jasmine tea|茉莉花茶, black tea|红茶"
        ),
        variants=words("100 g|100克, 250 g|250克, 500 g|500克, gift tin|礼罐装"),
        sizes=(ladder("100 g < 250 g < 500 g < gift tin"),),
        price=168,
        spread=0.6,
        weight=1.3,
        peak_month=4,
        season=0.5,
        cycle_days=30,
        complements=("teaware",),
        buy=0.2,
    ),
    Shelf(
        code="teaware",
        department=DRINKS,
        label=("teaware", "茶具"),
        brands=words("Ruyao|汝青, Stone Well|石井, Mubai|木白, Lanting|兰溪, Kiln No. 8|八号窑"),
        nouns=words(
            "gaiwan|盖碗, teapot|茶壶, travel tea set|旅行茶具, tea tray|茶盘, fair cup|公道杯"
        ),
        variants=words("celadon|青瓷, white porcelain|白瓷, clay|紫砂"),
        own={
            "tea tray": words("bamboo|竹制, walnut|胡桃木, stone|石制"),
        },
        price=198,
        spread=0.6,
        weight=0.6,
        complements=("tea",),
    ),
)
