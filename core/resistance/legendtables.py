"""The classes of land-use schemes as published, a table of text each.

A row is the code, the colour, the default resistance from 1 to 5 (``*`` marks habitat), the name in English and in
Chinese. Names are worded as their publishers do, shortened where they are a sentence.
"""

from __future__ import annotations

from ..choices import Legend

LIUZHI = """
1 3e804a 1* Woodland = 林地
2 abce7e 1* Grassland = 草地
3 cbbda7 2  Other land = 其他土地
4 ecba54 2  Garden = 园地
5 fceab2 3  Arable land = 耕地
6 5898d4 3* Water and water facilities = 水域及水利设施用地
7 5a5a60 4  Transport = 交通运输用地
8 c83e38 5  Urban, villages, industry and mining = 城镇村及工矿用地
"""

CNLUCD = """
11 f7e08c 3  Paddy field = 水田
12 fff2b2 3  Dry land = 旱地
21 1b7837 1* Closed forest = 有林地
22 5aae61 1* Shrubland = 灌木林
23 8fc97f 1* Open forest = 疏林地
24 b7d88b 2  Other woodland = 其他林地
31 8cc63f 1* High-cover grassland = 高覆盖度草地
32 b3da74 1* Medium-cover grassland = 中覆盖度草地
33 d6ecae 1* Low-cover grassland = 低覆盖度草地
41 2f78c4 3* Rivers and canals = 河渠
42 4f9be0 3* Lakes = 湖泊
43 7ab8ee 3* Reservoirs and ponds = 水库坑塘
44 dff3ff 4  Permanent ice and snow = 永久性冰川雪地
45 a8cfd8 2* Tidal flats = 滩涂
46 bcdde0 2* River and lake shoals = 滩地
51 c0282d 5  Urban land = 城镇用地
52 e06666 5  Rural settlements = 农村居民点
53 9a4f96 5  Other built-up land = 其他建设用地
61 e8d6a8 3  Sandy land = 沙地
62 c9b48c 3  Gobi = 戈壁
63 ddd6cc 3  Saline-alkali land = 盐碱地
64 6fb7a7 2* Marsh = 沼泽地
65 cdbfa6 3  Bare soil = 裸土地
66 a39c92 3  Bare rock = 裸岩石质地
67 b8b0a0 3  Other unused land = 其他
99 a6d4f5 4  Sea = 海洋
"""

CNLUCD_FIRST_LEVEL = """
1 fff2b2 3  Cropland = 耕地
2 1b7837 1* Woodland = 林地
3 b3da74 1* Grassland = 草地
4 4f9be0 3* Water = 水域
5 c0282d 5  Built-up land = 城乡、工矿、居民用地
6 cdbfa6 3  Unused land = 未利用土地
"""

GBT_21010 = """
101  f7e08c 3  Paddy field = 水田
102  fbeaa0 3  Irrigated land = 水浇地
103  fff2b2 3  Dry land = 旱地
201  e8a85c 2  Orchard = 果园
202  e0bc6a 2  Tea garden = 茶园
203  d9c47a 2  Rubber plantation = 橡胶园
204  ecc890 2  Other garden = 其他园地
301  1b7837 1* Arbor forest = 乔木林地
302  3f9a4c 1* Bamboo forest = 竹林地
303  0f6b5c 1* Mangrove = 红树林地
304  2a8a70 1* Forest swamp = 森林沼泽
305  5aae61 1* Shrubland = 灌木林地
306  5fb38c 1* Shrub swamp = 灌丛沼泽
307  8fc97f 1* Other woodland = 其他林地
401  8cc63f 1* Natural grassland = 天然牧草地
402  8ecf9c 2* Swamp grassland = 沼泽草地
403  b3da74 2  Artificial grassland = 人工牧草地
404  d6ecae 1* Other grassland = 其他草地
501  e8706a 5  Retail = 零售商业用地
502  e8706a 5  Wholesale market = 批发市场用地
503  e8706a 5  Catering = 餐饮用地
504  e8706a 5  Hotel = 旅馆用地
505  e8706a 5  Business and finance = 商务金融用地
506  e8706a 5  Entertainment = 娱乐用地
507  e8706a 5  Other commercial land = 其他商服用地
601  9a4f96 5  Industry = 工业用地
602  7f3f7a 5  Mining = 采矿用地
603  b9a5c8 4  Salt field = 盐田
604  a86ca4 5  Storage = 仓储用地
701  c0282d 5  Urban housing = 城镇住宅用地
702  e06666 5  Rural homestead = 农村宅基地
801  d98880 5  Government and organisations = 机关团体用地
802  d98880 5  Press and publishing = 新闻出版用地
803  d98880 5  Education = 教育用地
804  d98880 5  Research = 科研用地
805  d98880 5  Health care = 医疗卫生用地
806  d98880 5  Social welfare = 社会福利用地
807  d98880 5  Cultural facilities = 文化设施用地
808  d98880 5  Sports = 体育用地
809  d98880 5  Public utilities = 公用设施用地
810  a8d08d 3  Parks and green space = 公园与绿地
901  b07a72 5  Military = 军事设施用地
902  b07a72 5  Embassies and consulates = 使领馆用地
903  b07a72 5  Prisons = 监教场所用地
904  b07a72 5  Religious sites = 宗教用地
905  b07a72 4  Cemeteries = 殡葬用地
906  b07a72 4  Scenic-area facilities = 风景名胜设施用地
1001 5a5a60 4  Railway = 铁路用地
1002 5a5a60 4  Rail transit = 轨道交通用地
1003 707078 4  Road = 公路用地
1004 84848c 4  Urban and village road = 城镇村道路用地
1005 84848c 4  Transport stations = 交通服务场站用地
1006 a0a0a8 4  Farm road = 农村道路
1007 707078 4  Airport = 机场用地
1008 707078 4  Port and wharf = 港口码头用地
1009 a0a0a8 4  Pipeline = 管道运输用地
1101 2f78c4 3* River = 河流水面
1102 4f9be0 3* Lake = 湖泊水面
1103 7ab8ee 3* Reservoir = 水库水面
1104 9ccaf2 3* Pond = 坑塘水面
1105 a8cfd8 2* Coastal flat = 沿海滩涂
1106 bcdde0 2* Inland flat = 内陆滩涂
1107 86b8e0 3  Ditch = 沟渠
1108 6fb7a7 2* Marsh = 沼泽地
1109 5c7f9e 4  Hydraulic structures = 水工建筑用地
1110 dff3ff 4  Glacier and permanent snow = 冰川及永久积雪
1201 d0c8b8 2  Vacant land = 空闲地
1202 d8c098 4  Farm facilities = 设施农用地
1203 e6ddb0 2  Field ridge = 田坎
1204 ddd6cc 3  Saline-alkali land = 盐碱地
1205 e8d6a8 3  Sandy land = 沙地
1206 cdbfa6 3  Bare soil = 裸土地
1207 a39c92 3  Bare rock and gravel = 裸岩石砾地
"""

GBT_21010_FIRST_LEVEL = """
1  fff2b2 3  Cropland = 耕地
2  e8a85c 2  Garden = 园地
3  1b7837 1* Woodland = 林地
4  b3da74 1* Grassland = 草地
5  e8706a 5  Commercial land = 商服用地
6  9a4f96 5  Industry, mining and storage = 工矿仓储用地
7  c0282d 5  Residential land = 住宅用地
8  d98880 5  Public administration and services = 公共管理与公共服务用地
9  b07a72 5  Special land = 特殊用地
10 5a5a60 4  Transport = 交通运输用地
11 4f9be0 3* Water and water facilities = 水域及水利设施用地
12 cdbfa6 2  Other land = 其他土地
"""

CLCD = """
1 fae39c 3  Cropland = 耕地
2 446f33 1* Forest = 森林
3 33a02c 1* Shrub = 灌木
4 abd37b 1* Grassland = 草地
5 1e69b4 3* Water = 水体
6 a6cee3 4  Snow and ice = 冰雪
7 cfbda3 3  Barren = 荒地
8 e24290 5  Impervious = 不透水面
9 289be8 2* Wetland = 湿地
"""

GLOBELAND30 = """
10  f9a0ff 3  Cultivated land = 耕地
20  006300 1* Forest = 林地
30  63ff00 1* Grassland = 草地
40  00ffc7 1* Shrubland = 灌木地
50  0063ff 2* Wetland = 湿地
60  0000ff 3* Water bodies = 水体
70  636333 2* Tundra = 苔原
80  ff0000 5  Artificial surfaces = 人造地表
90  bfbfbf 3  Bare land = 裸地
100 c6efff 4  Permanent snow and ice = 冰川和永久积雪
255 00c6ff 4  Sea = 海域
"""

WORLDCOVER = """
10  006400 1* Tree cover = 林木
20  ffbb22 1* Shrubland = 灌木地
30  ffff4c 1* Grassland = 草地
40  f096ff 3  Cropland = 耕地
50  fa0000 5  Built-up = 建成区
60  b4b4b4 3  Bare or sparse vegetation = 裸地或稀疏植被
70  f0f0f0 4  Snow and ice = 冰雪
80  0064c8 3* Permanent water bodies = 永久水体
90  0096a0 2* Herbaceous wetland = 草本湿地
95  00cf75 1* Mangroves = 红树林
100 fae6a0 2* Moss and lichen = 苔藓和地衣
"""

ESRI = """
1  1a5bab 3* Water = 水体
2  358221 1* Trees = 树木
4  87d19e 2* Flooded vegetation = 淹水植被
5  ffdb5c 3  Crops = 农作物
7  ed022a 5  Built area = 建成区
8  ede9e4 3  Bare ground = 裸地
9  f2faff 4  Snow and ice = 冰雪
10 c8c8c8 3  Clouds = 云
11 c6ad8d 1* Rangeland = 草灌地
"""

ESRI_2020 = """
1  1a5bab 3* Water = 水体
2  358221 1* Trees = 树木
3  a7d282 1* Grass = 草地
4  87d19e 2* Flooded vegetation = 淹水植被
5  ffdb5c 3  Crops = 农作物
6  eecfa8 1* Scrub and shrub = 灌木
7  ed022a 5  Built area = 建成区
8  ede9e4 3  Bare ground = 裸地
9  f2faff 4  Snow and ice = 冰雪
10 c8c8c8 3  Clouds = 云
"""

DYNAMIC_WORLD = """
0 419bdf 3* Water = 水体
1 397d49 1* Trees = 树木
2 88b053 1* Grass = 草地
3 7a87c6 2* Flooded vegetation = 淹水植被
4 e49635 3  Crops = 农作物
5 dfc35a 1* Shrub and scrub = 灌木
6 c4281b 5  Built = 建成区
7 a59b8f 3  Bare = 裸地
8 b39fe1 4  Snow and ice = 冰雪
"""

CORINE = """
111 e6004d 5  Continuous urban fabric = 连续城市建筑
112 ff0000 5  Discontinuous urban fabric = 不连续城市建筑
121 cc4df2 5  Industrial or commercial units = 工业或商业用地
122 cc0000 4  Road and rail networks = 道路和铁路
123 e6cccc 4  Port areas = 港口
124 e6cce6 4  Airports = 机场
131 a600cc 5  Mineral extraction sites = 采矿场
132 a64d00 5  Dump sites = 垃圾场
133 ff4dff 5  Construction sites = 建筑工地
141 ffa6ff 3  Green urban areas = 城市绿地
142 ffe6ff 3  Sport and leisure facilities = 运动休闲设施
211 ffffa8 3  Non-irrigated arable land = 旱地
212 ffff00 3  Permanently irrigated land = 水浇地
213 e6e600 3  Rice fields = 水田
221 e68000 2  Vineyards = 葡萄园
222 f2a64d 2  Fruit trees and berry plantations = 果园
223 e6a600 2  Olive groves = 橄榄园
231 e6e64d 2  Pastures = 牧场
241 ffe6a6 3  Annual crops with permanent crops = 一年生与多年生作物混合
242 ffe64d 3  Complex cultivation patterns = 复杂耕作
243 e6cc4d 2  Agriculture with natural vegetation = 农田与自然植被混合
244 f2cca6 2  Agro-forestry areas = 农林复合
311 80ff00 1* Broad-leaved forest = 阔叶林
312 00a600 1* Coniferous forest = 针叶林
313 4dff00 1* Mixed forest = 混交林
321 ccf24d 1* Natural grasslands = 天然草地
322 a6ff80 1* Moors and heathland = 荒原和石楠灌丛
323 a6e64d 1* Sclerophyllous vegetation = 硬叶植被
324 a6f200 1* Transitional woodland-shrub = 过渡林地灌丛
331 e6e6e6 3  Beaches, dunes, sands = 海滩沙丘
332 cccccc 3  Bare rocks = 裸岩
333 ccffcc 2  Sparsely vegetated areas = 稀疏植被
334 000000 2  Burnt areas = 火烧迹地
335 a6e6cc 4  Glaciers and perpetual snow = 冰川和永久积雪
411 a6a6ff 2* Inland marshes = 内陆沼泽
412 4d4dff 2* Peat bogs = 泥炭沼泽
421 ccccff 2* Salt marshes = 盐沼
422 e6e6ff 4  Salines = 盐田
423 a6a6e6 2* Intertidal flats = 潮间带滩涂
511 00ccf2 3* Water courses = 河流
512 80f2e6 3* Water bodies = 水体
521 00ffa6 3* Coastal lagoons = 沿海泻湖
522 a6ffe6 3* Estuaries = 河口
523 e6f2ff 4  Sea and ocean = 海洋
"""

NLCD = """
11 466b9f 3* Open water = 开阔水体
12 d1def8 4  Perennial ice and snow = 多年冰雪
21 dec5c5 4  Developed, open space = 开发用地，开放空间
22 d99282 4  Developed, low intensity = 开发用地，低强度
23 eb0000 5  Developed, medium intensity = 开发用地，中强度
24 ab0000 5  Developed, high intensity = 开发用地，高强度
31 b3ac9f 3  Barren land = 荒地
41 68ab5f 1* Deciduous forest = 落叶林
42 1c5f2c 1* Evergreen forest = 常绿林
43 b5c58f 1* Mixed forest = 混交林
51 af963c 1* Dwarf scrub = 矮灌丛
52 ccb879 1* Shrub and scrub = 灌丛
71 dfdfc2 1* Grassland and herbaceous = 草地
72 d1d182 1* Sedge and herbaceous = 莎草草本
73 a3cc51 2* Lichens = 地衣
74 82ba9e 2* Moss = 苔藓
81 dcd939 2  Pasture and hay = 牧草地
82 ab6c28 3  Cultivated crops = 耕地
90 b8d9eb 1* Woody wetlands = 木本湿地
95 6c9fb8 2* Emergent herbaceous wetlands = 挺水草本湿地
"""

IGBP = """
1  05450a 1* Evergreen needleleaf forest = 常绿针叶林
2  086a10 1* Evergreen broadleaf forest = 常绿阔叶林
3  54a708 1* Deciduous needleleaf forest = 落叶针叶林
4  78d203 1* Deciduous broadleaf forest = 落叶阔叶林
5  009900 1* Mixed forest = 混交林
6  c6b044 1* Closed shrubland = 郁闭灌丛
7  dcd159 1* Open shrubland = 稀疏灌丛
8  dade48 1* Woody savanna = 多树草原
9  fbff13 1* Savanna = 稀树草原
10 b6ff05 1* Grassland = 草地
11 27ff87 2* Permanent wetland = 永久湿地
12 c24f44 3  Cropland = 农田
13 a5a5a5 5  Urban and built-up land = 城市和建成区
14 ff6d4c 2  Cropland and natural vegetation mosaic = 农田与自然植被镶嵌
15 69fff8 4  Permanent snow and ice = 永久冰雪
16 f9ffa4 3  Barren = 荒地
17 1c0dff 3* Water bodies = 水体
"""

_PUBLISHED = "those of the publisher"
_OURS = "our choice: the publisher gives none"

SCHEMES: tuple[tuple[Legend, str, str, str, tuple[int, ...], str], ...] = (
    (Legend.LIUZHI, LIUZHI, "Table 1 of the Liuzhi study, numbered in its order", _OURS, (), ""),
    (
        Legend.CNLUCD,
        CNLUCD,
        "Resource and Environment Science and Data Center, CAS, second level; doi:10.12078/2018070201",
        _OURS,
        (0,),
        "",
    ),
    (Legend.CNLUCD, CNLUCD_FIRST_LEVEL, "as the second level, first digit", _OURS, (0,), "first level"),
    (Legend.GBT_21010, GBT_21010, "GB/T 21010-2017, second level (0101 is 101)", _OURS, (0,), ""),
    (Legend.GBT_21010, GBT_21010_FIRST_LEVEL, "GB/T 21010-2017, first level", _OURS, (0,), "first level"),
    (Legend.CLCD, CLCD, "Yang & Huang (2021), doi:10.5194/essd-13-3907-2021", _PUBLISHED, (0,), ""),
    (
        Legend.GLOBELAND30,
        GLOBELAND30,
        "Chen et al. (2015), doi:10.1016/j.isprsjprs.2014.09.002, and the product description of GlobeLand30 V2020",
        _PUBLISHED,
        (0,),
        "",
    ),
    (
        Legend.WORLDCOVER,
        WORLDCOVER,
        "ESA WorldCover product user manual V2.0; doi:10.5281/zenodo.7254221",
        _PUBLISHED,
        (0,),
        "",
    ),
    (
        Legend.ESRI,
        ESRI,
        "Karra et al. (2021), doi:10.1109/IGARSS47720.2021.9553499; annual maps from 2017 on, nine classes",
        _PUBLISHED,
        (0,),
        "",
    ),
    (Legend.ESRI, ESRI_2020, "as above, the first map of 2020, ten classes", _PUBLISHED, (0,), "first map of 2020"),
    (Legend.DYNAMIC_WORLD, DYNAMIC_WORLD, "Brown et al. (2022), doi:10.1038/s41597-022-01307-4", _PUBLISHED, (), ""),
    (
        Legend.CORINE,
        CORINE,
        "CORINE Land Cover nomenclature and colour table, European Environment Agency",
        _PUBLISHED,
        (0, 990, 995, 999),
        "",
    ),
    (
        Legend.NLCD,
        NLCD,
        "National Land Cover Database, Multi-Resolution Land Characteristics Consortium",
        _PUBLISHED,
        (0, 127, 250),
        "",
    ),
    (
        Legend.IGBP,
        IGBP,
        "MCD12Q1 user guide, land-cover type 1; doi:10.5067/MODIS/MCD12Q1.061",
        "those of the Earth Engine data catalogue; the user guide gives none",
        (0, 255),
        "",
    ),
)
"""Legend, table, where codes and names come from, where the colours do, codes of no data, which coding it is."""

CORINE_GRID = "grid codes 1 to 44"
"""The other coding of CORINE, of the European rasters: the classes numbered in their order."""
CORINE_GRID_MISSING = (0, 48, 49, 50)
