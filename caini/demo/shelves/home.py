"""Home, and services about the house."""

from typing import Final

from caini.demo.shelves.shelf import Shelf, ladder, words

HOME: Final = ("home", "家居")
SERVICES: Final = ("services", "服务")
_BRANDS: Final = words(
    "Mubai|木白, Songtao|松涛, Plain Linen|素麻, Northlight|北光, Half Acre|半亩, Fanghua|方花"
)

SHELVES: Final = (
    Shelf(
        code="bedding",
        department=HOME,
        label=("bedding", "床品"),
        brands=_BRANDS,
        nouns=words("cotton sheets|纯棉床单, duvet|羽绒被, latex pillow|乳胶枕, wool throw|羊毛毯"),
        variants=words("1.5 m|1.5米, 1.8 m|1.8米, grey|灰色, sage|鼠尾草绿"),
        own={
            "latex pillow": words("low|低枕, high|高枕, grey|灰色, sage|鼠尾草绿"),
        },
        sizes=(ladder("1.5 m < 1.8 m"), ladder("low < high")),
        price=369,
        spread=0.5,
        peak_month=11,
        season=0.5,
        complements=("lamps",),
    ),
    Shelf(
        code="kitchen",
        department=HOME,
        label=("kitchen", "厨房用品"),
        brands=_BRANDS,
        nouns=words(
            "cast-iron pot|铸铁锅, chef's knife|主厨刀, steamer|蒸笼, cutting board|砧板, wok|炒锅"
        ),
        variants=words("20 cm|20厘米, 24 cm|24厘米, 28 cm|28厘米"),
        sizes=(ladder("20 cm < 24 cm < 28 cm"),),
        price=189,
        spread=0.6,
        weight=1.2,
        complements=("cookbooks",),
    ),
    Shelf(
        code="storage",
        department=HOME,
        label=("storage", "收纳"),
        brands=_BRANDS,
        nouns=words("rattan basket|藤编篮, storage box|收纳箱, shelf|置物架, spice jars|调料罐"),
        variants=words("small|小号, medium|中号, large|大号, set of 4|四件套"),
        sizes=(ladder("small < medium < large < set of 4"),),
        price=59,
    ),
    Shelf(
        code="cleaning",
        department=HOME,
        label=("cleaning", "清洁用品"),
        brands=words("Plain|素己, Clear Brook|清溪, Fanghua|方花, White Pine|白松"),
        nouns=words(
            "laundry liquid|洗衣液, dish soap|洗洁精, "
            "kitchen rolls|厨房纸, floor cleaner|地板清洁剂"
        ),
        variants=words("500 ml|500毫升, 2 l|2升, refill|补充装, pack of 6|6件装"),
        own={
            "kitchen rolls": words("2 rolls|2卷, 6 rolls|6卷, extra soft|加柔, 24 rolls|24卷"),
        },
        sizes=(ladder("500 ml < 2 l < pack of 6"), ladder("2 rolls < 6 rolls < 24 rolls")),
        price=42,
        weight=1.2,
        cycle_days=26,
        buy=0.4,
    ),
    Shelf(
        code="lamps",
        department=HOME,
        label=("lamps", "灯具"),
        brands=words("Northlight|北光, Mubai|木白, Moonrise|月升, Firefly|萤火"),
        nouns=words(
            "reading lamp|阅读灯, paper lantern|纸灯笼, floor lamp|落地灯, night light|小夜灯"
        ),
        variants=words("warm white|暖白, walnut|胡桃木, brass|黄铜"),
        own={
            "paper lantern": words("warm white|暖白, round|圆形, tall|高款"),
        },
        price=239,
        spread=0.6,
        weight=0.7,
        complements=("bedding",),
    ),
    Shelf(
        code="candles",
        department=HOME,
        label=("scents", "香氛"),
        brands=words("Songtao|松涛, Firefly|萤火, Dewdrop|露珠, Old Temple|古寺"),
        nouns=words("soy candle|大豆蜡烛, incense|线香, reed diffuser|无火香薰, sachet|香囊"),
        variants=words("sandalwood|檀香, osmanthus|桂花, cedar|雪松, bamboo|竹香"),
        price=98,
        weight=0.7,
        peak_month=12,
        season=0.6,
        cycle_days=40,
    ),
    Shelf(
        code="home-care",
        department=SERVICES,
        label=("home care", "家政"),
        brands=words("Neighbour Li|李家帮, Bright Window|明窗, Helping Hands|帮帮手"),
        nouns=words(
            "deep cleaning|深度保洁, window cleaning|擦窗服务, aircon cleaning|空调清洗, "
            "appliance set-up|家电安装"
        ),
        variants=words("2 hours|2小时, 4 hours|4小时, whole home|全屋"),
        sizes=(ladder("2 hours < 4 hours < whole home"),),
        price=229,
        weight=0.6,
        kind="service",
        buy=-0.2,
    ),
)
