"""How a name stands in its sentence: as a thing that is counted, as somebody's name, as a verb, or as who sells it.

What else the word means matters little here: `Mango the cat`, 一头骆驼 and 很完美 are no brands, whatever they are;
换了X, X用了八年 and `hey X,` are said of who sells things.
"""

import re
from typing import Final

from streams.catalogue.lexicon import FOODS, PERSONS, Homonym

Sign = tuple[float, str]
_BEFORE_CHARS: Final = 24
_NUMBER: Final = "一两二三四五六七八九十几半数百千万\\d"

_COUNTED = re.compile(
    rf"(?:[{_NUMBER}那这有每]|多少|好多)[只头条颗粒朵棵匹群株尾轮斤座缕句番位名枚滴阵]$|(?:[{_NUMBER}]|多少|好多)个$"
)
_COUNTED_BEHIND = re.compile(rf"一[个枚只位名条头](?![^\s,，。！？!?、])|[{_NUMBER}]+(?:斤|公斤|颗|粒|只|头|朵)")
_BAG_COUNTED = re.compile(rf"(?:[{_NUMBER}那这有每]|多少|好多)只\s?$")
_BAG_COUNTED_BEHIND = re.compile(rf"\s?[{_NUMBER}]+只")
_DEGREE = re.compile(r"(?:很|最|太|非常|十分|特别|更|极其|不够|多么|这么|那么|如此|挺|超级|较)$")
_NAMED = re.compile(
    r"(?:[猫狗兔鸟猪鱼马鼠犬]|鹦鹉|仓鼠|宠物|儿子|女儿|孩子|宝宝|同学|同事|邻居|男孩|女孩|老师|外号|网名|小名|昵称|绰号|乳名|艺名)"
    r"[^，。,！？\s]{0,4}(?:叫|名叫|叫做|取名|起名|叫作|是)$"
)
_CHANGED = re.compile(
    r"(?:换|换成|换掉|改用|转投|入手|入|投诉|抵制|起诉|吐槽|拉黑|回购|卸载|卸|下载|关注|取关|加盟|代言|种草|安利|举报|曝光|感谢"
    r"|求|怒喷)了?$"
)
_USED = re.compile(r"(?:用|买|抢|囤|选|订|逛|穿|戴|背|开|喂|冲|点|信|看好|支持|推荐|拒绝|爱|粉|追|等)[了过着惯上]?$")
_SINCE = re.compile(
    r"(?:都|已经|才|也|我)?[用买开穿喝追吃骑戴看听住坐][了过着]?(?:快|将近|有|整整|不到|小|大)?"
    rf"(?:\d+|[{_NUMBER}]+)多?(?:年|个月|月|天|次|回|遍|周|星期)"
)
_SUBJECT = re.compile(
    r"又|还|也是?|都|真的?|今[年天]|去年|最近|现在|如今|这[次波回家]|终于|居然|竟然?|到底|怎么|为什么|为啥|凭什么|什么时候|啥时候|何时"
    r"|能不能|可不可以|能否|是不是|会不会|敢不敢|要不要|行不行|越来越|越做|一直|已经|这是|[就算不]是|你[能们行什的倒就还怎给]|您|请"
    r"|太[坑黑狠会良难贵绝拉]|有毒|有毛病|yyds|牛[逼批啊]|出[来了圈新]|家的?|那边|这边|方面|回应|涨|降|凉|倒闭|翻车|一[响出崩卡]|崩|才"
    r"|不[给让]|吃相"
)
_ADDRESSED = re.compile(r"[,，]\s?(?:这|你|您|请|求|什么时候|能不能|可以|救|快|给我|我要|别|再|真)")
_CLAUSE_ENDS: Final = frozenset(",，。！？!?;；:：…、~～)）】」”]")
_OF_A_MAKER = re.compile(r"(?:牌|家的|旗下|出的|推出|股份|系列|粉丝|门店|全家桶|党\b|的?老用户|味(?!道))")

_LIVING: Final = (
    "(?:cat|dog|kitten|puppy|pup|bunny|rabbit|parrot|horse|hamster|pug|pony|goldfish|cow|kid|boy|girl|son|daughter"
    "|baby)"
)
_NAMED_LATIN = re.compile(
    rf"(?:{_LIVING}(?:'s)?\s(?:is\s|was\s)?(?:named|called|name\sis|name\swas)|(?:my|our|his|her)\s{_LIVING})\s$",
    re.IGNORECASE,
)
_LIVING_BEHIND = re.compile(rf",?\sthe\s(?:\w+\s)?{_LIVING}\b", re.IGNORECASE)
_SUBJECT_OF_A_VERB = re.compile(
    r"(?:^|[\s,;])(?:i|you|he|she|we|they|who|it|people|strangers|can|could|will|would|should|must|may|might|don't|didn't"
    r"|doesn't|can't|won't|couldn't|let's|please|not)\s$",
    re.IGNORECASE,
)
_CALLED_OUT = re.compile(
    r"(?:^|[.!?,]\s)(?:thanks|thank you|dear|hey|shame on you|wtf|come on|well done|nice one|bravo|screw|fuck|damn"
    r"|sorry|cheers|congrats),?\s$",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:^|[.!?,]\s)(?:(?:so|why|how|when|where|what)\s)?(?:does|did|is|has|will|can|would|doesn't|won't|isn't)\s$",
    re.IGNORECASE,
)
_TITLED = re.compile(r"(?:album|movie|film|song|novel|single|episode|wrestler|boxer)\s$")


def stands(plain: str, start: int, end: int, homonym: Homonym, word: str, *, chinese: bool) -> list[Sign]:
    """What a name's place in its sentence tells."""
    before = plain[max(0, start - _BEFORE_CHARS) : start]
    seller = PERSONS.isdisjoint(homonym.senses)
    if not chinese:
        signs = _no_name(plain, before, start, end, word)
        return signs + _spoken_to(before, word) if seller else signs
    counted = _is_a_bag(plain, before, end, homonym, word)
    if before and (before[-1].isspace() or before[-1] in _CLAUSE_ENDS):
        before = ""
    signs = [(0.5, f"{word} as a bag")] if counted else _thing(plain, before, end, word)
    return signs + _bought(plain, before, end, homonym, word) if seller else signs


def _no_name(plain: str, before: str, start: int, end: int, word: str) -> list[Sign]:
    signs = []
    if _LIVING_BEHIND.match(plain, end) or _NAMED_LATIN.search(before):
        signs.append((-2.5, f"{word} of somebody"))
    if _TITLED.search(before):
        signs.append((-1.5, f"{word} as a title"))
    if plain[start].islower() and plain[end : end + 1] in (" ", "") and _SUBJECT_OF_A_VERB.search(before):
        signs.append((-0.8, f"{word} as a verb"))
    return signs


def _spoken_to(before: str, word: str) -> list[Sign]:
    if _CALLED_OUT.search(before):
        return [(1.0, f"{word} addressed")]
    return [(0.5, f"{word} asked about")] if _ASKED.search(before) else []


def _is_a_bag(plain: str, before: str, end: int, homonym: Homonym, word: str) -> bool:
    """Whether what is counted is a thing of the maker's, as in 一只coach; animals and fruit are counted so too."""
    return (
        word[0].isascii()
        and bool(homonym.trades)
        and FOODS.isdisjoint(homonym.senses)
        and bool(_BAG_COUNTED.search(before) or _BAG_COUNTED_BEHIND.match(plain, end))
    )


def _thing(plain: str, before: str, end: int, word: str) -> list[Sign]:
    """What counts things, names somebody or tells how; `before` is empty where the name begins a clause."""
    counted = _COUNTED_BEHIND.match(plain, end) is not None
    signs = []
    if before:
        if before.endswith("《") and plain.startswith("》", end):
            signs.append((-2.0, f"{word} as a title"))
        if _NAMED.search(before):
            signs.append((-2.5, f"{word} of somebody"))
        if _DEGREE.search(before):
            signs.append((-1.2, f"{word} by degrees"))
        counted = counted or _COUNTED.search(before) is not None
    if counted:
        signs.append((-1.5, f"{word} counted"))
    return signs


def _bought(plain: str, before: str, end: int, homonym: Homonym, word: str) -> list[Sign]:
    """What is said of who sells things; food is bought, and has a taste, under no name too."""
    food = bool(homonym.senses & FOODS)
    signs = []
    if not before:
        if _ADDRESSED.match(plain, end):
            signs.append((0.5, f"{word} addressed"))
        elif _SUBJECT.match(plain, end):
            signs.append((0.5, f"{word} as a maker"))
    elif _CHANGED.search(before):
        signs.append((0.7, f"changed to {word}"))
    elif not food and _USED.search(before):
        signs.append((0.4, f"{word} used"))
    if _SINCE.match(plain, end):
        signs.append((0.7, f"{word} for long"))
    if not food and _OF_A_MAKER.match(plain, end):
        signs.append((0.7, f"{word} as a maker"))
    return signs
