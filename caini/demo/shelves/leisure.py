"""Electronics, sports, books and courses."""

from typing import Final

from caini.demo.shelves.shelf import Shelf, ladder, words

ELECTRONICS: Final = ("electronics", "数码")
SPORTS: Final = ("sports", "运动户外")
BOOKS: Final = ("books", "图书")
LEARN: Final = ("learn", "学习")
_TECH: Final = words(
    "Lumo|陆末, Quark|夸子, Northstar|北辰, Pebble Six|六石, Orbit|星轨, Kite|纸鸢"
)
_SPORT: Final = words("Swift Deer|疾鹿, Ridge|山脊, Tidal|潮汐, Lightfoot|轻足, Longrun|长跑者")
_PRESS: Final = words(
    "Lighthouse Press|灯塔书局, Paper Boat|纸船, Inkstone|砚台文化, "
    "Reed Pen|苇笔, Third Shelf|三层架"
)

SHELVES: Final = (
    Shelf(
        code="phones",
        department=ELECTRONICS,
        label=("phones", "手机"),
        brands=_TECH,
        nouns=words("phone|手机, folding phone|折叠屏手机, phone mini|小屏手机"),
        variants=words("128 GB|128GB, 256 GB|256GB, 512 GB|512GB"),
        sizes=(ladder("128 GB < 256 GB < 512 GB"),),
        price=2699,
        spread=0.5,
        weight=0.6,
        peak_month=10,
        season=0.4,
        complements=("chargers", "headphones"),
        buy=-1.0,
    ),
    Shelf(
        code="headphones",
        department=ELECTRONICS,
        label=("headphones", "耳机"),
        brands=_TECH,
        nouns=words("earbuds|真无线耳机, over-ear headphones|头戴耳机, sports earphones|运动耳机"),
        variants=words("black|黑色, white|白色, noise cancelling|降噪版"),
        price=459,
        spread=0.6,
        complements=("chargers",),
        buy=-0.3,
    ),
    Shelf(
        code="chargers",
        department=ELECTRONICS,
        label=("chargers & cables", "充电配件"),
        brands=_TECH,
        nouns=words(
            "USB-C charger|充电器, power bank|充电宝, braided cable|编织数据线, case|保护壳"
        ),
        variants=words("single|单条, pack of 2|两条装, 1 m|1米, 2 m|2米"),
        own={
            "USB-C charger": words("20 W|20瓦, 65 W|65瓦, 1 port|单口, 2 ports|双口"),
            "power bank": words("20 W|20瓦, 65 W|65瓦, 10000 mAh|1万毫安时, 20000 mAh|2万毫安时"),
            "case": words("clear|透明, leather|皮质, matte|磨砂, magnetic|磁吸"),
        },
        sizes=(
            ladder("20 W < 65 W"),
            ladder("1 m < 2 m"),
            ladder("1 port < 2 ports"),
            ladder("10000 mAh < 20000 mAh"),
            ladder("single < pack of 2"),
            ladder("clear < leather"),
            ladder("matte < magnetic"),
        ),
        price=79,
        weight=0.8,
    ),
    Shelf(
        code="watches",
        department=ELECTRONICS,
        label=("smart watches", "智能手表"),
        brands=_TECH,
        nouns=words("smart watch|智能手表, fitness band|运动手环, kids' watch|儿童手表"),
        variants=words("black|黑色, rose gold|玫瑰金, sand|沙色"),
        price=899,
        spread=0.7,
        weight=0.7,
        complements=("chargers", "running-shoes"),
        buy=-0.5,
    ),
    Shelf(
        code="keyboards",
        department=ELECTRONICS,
        label=("desk gear", "桌面外设"),
        brands=_TECH,
        nouns=words("keyboard|键盘, mouse|鼠标, laptop stand|笔记本支架, webcam|摄像头"),
        variants=words("wireless|无线, compact|紧凑版, walnut|胡桃木"),
        own={
            "laptop stand": words("aluminium|铝合金, folding|折叠款, walnut|胡桃木"),
            "webcam": words("1080p|1080P, compact|紧凑版, 4K|4K"),
        },
        price=269,
        spread=0.6,
        weight=0.8,
        complements=("lamps",),
    ),
    Shelf(
        code="running-shoes",
        department=SPORTS,
        label=("running shoes", "跑鞋"),
        brands=_SPORT,
        nouns=words("road shoes|路跑鞋, trail shoes|越野跑鞋, racing shoes|竞速跑鞋"),
        variants=words("men|男款, women|女款, wide|宽楦"),
        price=499,
        peak_month=4,
        season=0.4,
        complements=("sportswear", "socks"),
        buy=-0.3,
    ),
    Shelf(
        code="socks",
        department=SPORTS,
        label=("socks & bottles", "运动配件"),
        brands=_SPORT,
        nouns=words("running socks|跑步袜, water bottle|运动水壶, cap|运动帽, waist bag|腰包"),
        variants=words("S|小号, M|中号, L|大号, pack of 3|三双装"),
        own={
            "water bottle": words("grey|灰色, blue|蓝色, 500 ml|500毫升, 1 l|1升"),
            "cap": words("black|黑色, white|白色, quick-dry|速干, reflective|反光"),
            "waist bag": words("black|黑色, blue|蓝色, small|小号, large|大号"),
        },
        sizes=(
            ladder("L < pack of 3"),
            ladder("500 ml < 1 l"),
            ladder("quick-dry < reflective"),
            ladder("small < large"),
        ),
        price=49,
        weight=0.6,
    ),
    Shelf(
        code="sportswear",
        department=SPORTS,
        label=("sportswear", "运动服"),
        brands=_SPORT,
        nouns=words("running tights|紧身裤, windbreaker|风衣, quick-dry shirt|速干衣, shorts|短裤"),
        variants=words("black|黑色, blue|蓝色, orange|橙色"),
        price=189,
        complements=("socks",),
    ),
    Shelf(
        code="yoga",
        department=SPORTS,
        label=("yoga & fitness", "瑜伽健身"),
        brands=words("Lotus Step|莲步, Tidal|潮汐, Plain|素己, Stillwater|静水"),
        nouns=words("yoga mat|瑜伽垫, foam roller|泡沫轴, resistance bands|弹力带, dumbbells|哑铃"),
        variants=words("light|轻型, firm|加强型, set|套装"),
        price=139,
        peak_month=1,
        season=0.5,
        complements=("sportswear",),
    ),
    Shelf(
        code="camping",
        department=SPORTS,
        label=("camping", "露营"),
        brands=words("Ridge|山脊, Half Acre|半亩, Campfire|篝火, Longrun|长跑者"),
        nouns=words("tent|帐篷, camping chair|露营椅, gas stove|便携炉, sleeping bag|睡袋"),
        variants=words("1 person|单人, 2 persons|双人, 4 persons|四人"),
        own={
            "camping chair": words("light|轻便款, standard|标准款, wide|加宽款"),
            "gas stove": words("1 burner|单眼, 2 burners|双眼, 3 burners|三眼"),
            "sleeping bag": words("summer|夏季款, three seasons|三季款, winter|冬季款"),
        },
        sizes=(
            ladder("1 person < 2 persons < 4 persons"),
            ladder("light < standard < wide"),
            ladder("1 burner < 2 burners < 3 burners"),
            ladder("summer < three seasons < winter"),
        ),
        price=389,
        spread=0.6,
        weight=0.7,
        peak_month=5,
        season=1.0,
    ),
    Shelf(
        code="protein",
        department=SPORTS,
        label=("sports food", "运动营养"),
        brands=_SPORT,
        nouns=words("whey protein|乳清蛋白粉, protein bars|蛋白棒, electrolyte tabs|电解质泡腾片"),
        variants=words("500 g|500克, 1 kg|1千克, 12 pieces|12支装"),
        own={
            "whey protein": words("500 g|500克, 1 kg|1千克, vanilla|香草味"),
            "protein bars": words("6 bars|6支装, 12 bars|12支装, cocoa|可可味"),
            "electrolyte tabs": words("20 tabs|20片, 60 tabs|60片, lemon|柠檬味"),
        },
        sizes=(ladder("500 g < 1 kg"), ladder("6 bars < 12 bars"), ladder("20 tabs < 60 tabs")),
        price=159,
        weight=0.7,
        cycle_days=21,
        buy=0.2,
    ),
    Shelf(
        code="novels",
        department=BOOKS,
        label=("novels", "小说"),
        brands=_PRESS,
        nouns=words(
            "The River Clerk|河边书记, Winter Letters|冬日来信, Ninth Ferry|第九渡口, "
            "A House of Rain|雨屋, Salt Road|盐道, The Paper Moon|纸月亮"
        ),
        variants=words("paperback|平装, hardback|精装, audiobook|有声书"),
        sizes=(ladder("paperback < hardback"),),
        price=48,
        spread=0.3,
        weight=1.2,
    ),
    Shelf(
        code="picture-books",
        department=BOOKS,
        label=("picture books", "绘本"),
        brands=_PRESS,
        nouns=words(
            "Little Fox Counts|小狐狸数数, Where Is Panda|熊猫在哪里, Goodnight Boat|晚安小船, "
            "The Cloud Baker|云朵面包师"
        ),
        variants=words("board book|纸板书, paperback|平装, set of 5|五册套装"),
        sizes=(ladder("paperback < set of 5"),),
        price=42,
        weight=0.8,
        complements=("toys",),
    ),
    Shelf(
        code="cookbooks",
        department=BOOKS,
        label=("cookbooks", "美食书"),
        brands=_PRESS,
        nouns=words("Sichuan at Home|家常川菜, Bread Basics|面包入门, Forty Soups|四十道汤"),
        variants=words("paperback|平装, hardback|精装"),
        sizes=(ladder("paperback < hardback"),),
        price=69,
        weight=0.5,
        complements=("kitchen",),
    ),
    Shelf(
        code="courses",
        department=LEARN,
        label=("courses", "课程"),
        brands=words(
            "Evening School|夜校, Blackboard|黑板, Small Steps|小步课堂, Craftroom|手作间"
        ),
        nouns=words(
            "latte art course|拉花课, photography course|摄影课, baby care course|育儿课, "
            "marathon plan|马拉松训练课, tea tasting course|品茶课"
        ),
        variants=words("4 lessons|4节, 8 lessons|8节, with a coach|含辅导"),
        sizes=(ladder("4 lessons < 8 lessons"),),
        price=239,
        weight=0.6,
        kind="content",
        buy=-0.3,
    ),
    Shelf(
        code="articles",
        department=LEARN,
        label=("articles", "文章"),
        brands=words(
            "Caini Weekly|猜你周刊, Kitchen Notes|灶台笔记, Parent Talk|爸妈说, Trail Log|跑山志"
        ),
        nouns=words(
            "How to brew well|怎样冲泡, What to buy first|先买什么, "
            "Ten questions answered|十问十答, A beginner's guide|新手指南"
        ),
        variants=words("part one|上篇, part two|下篇, in pictures|图解版"),
        price=0,
        weight=0.8,
        kind="content",
    ),
)
