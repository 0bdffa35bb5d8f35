"""What the words around a number or a name say of it: an order's, a price, a shop's, a person's."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from streams.compliance.matcher import compile_pattern

ORDER_BEFORE = compile_pattern(
    r"(?:订单|单号|编号|运单|快递|物流|条形?码|批号|批次|型号|货号|工单|流水|发票|备案|许可|批准|专利|准字|序列|条款|款号|房间号?|期号"
    r"|用户id|uid|\bs/?n\b|\bnr\.|\bpart (?:no|number|#)|\b(?:isbn|sku|order|tracking|invoice|model|serial|ref|ticket"
    r"|case|item|number of|patent|lot|upc|confirmation|request|claim|artikel)"
    r"|注文|商品(?:番号|コード)|주문|상품|bestell|rechnung|commande|pedido|ordine|заказ|артикул)"
    r"[^,。!?;]{0,24}$"
)
_CALLED_A_PHONE = compile_pattern(r"(?:电话|手机号?|手机号码)[是为:]?$")
MODEL_AFTER = compile_pattern("^ ?(?:型号|编号|货号|批号|批次|款)")
AMOUNT_AFTER = compile_pattern(
    r"^ ?(?:元|块|件|个(?:[^人]|$)|颗|只|次|首|张|瓶|盒|袋|等于|[是为]?多少|rmb\b|usd\b|equals)"
)
SHOP_WORDS = compile_pattern(
    r"门店|本店|店铺|分店|总店|公司|工厂|厂址|仓库|退货|总部|展厅|体验店|旗舰店|专柜|商场|营业|景区|酒店|餐厅|博物馆"
    r"|our (?:store|shop|office|warehouse|showroom)|visit us|headquarter|flagship|located at|return (?:address|to)"
)
HOTLINE_WORDS = compile_pattern(
    r"客服|热线|售后|总机|前台|官方|咨询|订座|订位|预[约订]|服务电话|商务|招商|专线|值班|急诊|医院|学校|银行|机场|公安"
    r"|派出所|传真|fax|hotline|customer (?:service|care|support)|help ?(?:line|desk)|toll.free|\bour (?:line|number)"
)
CALL_BEFORE = compile_pattern(r"(?:电话|座机|固话|打|拨|联系|致电|tel|call|phone)[^,。!?;]{0,8}$")
PRICE_BEFORE = compile_pattern(
    r"(?:price|precio|prix|prezzo|preis|preço|цена|价格|価格|가격)[^\pL\pN]{0,3}(?:(?:is|es|è|ist|est) )?$"
)
"""Right before a number; further away it says nothing of it."""
_BEFORE_CHARS = 40


class HintBefore:
    """Words that say what a number is, so many characters before it at most, with no sign that ends a clause between.

    A text's hints are found once, however many numbers it holds."""

    def __init__(self, words: str, within: int, ends: str = ",。!?;") -> None:
        self._words = re.compile(words, re.ASCII)
        self._within = within
        self._ends = frozenset(ends)
        self._found = lru_cache(maxsize=8)(self._find)

    def is_in(self, text: str) -> bool:
        return bool(self._found(text))

    def stands_before(self, text: str, start: int) -> bool:
        ends = self._found(text)
        at = bisect_right(ends, start) - 1
        return at >= 0 and start - ends[at] <= self._within and self._ends.isdisjoint(text[ends[at] : start])

    def _find(self, text: str) -> list[int]:
        """Where hints end; they may overlap, as 银行卡 and 卡号 do."""
        found, at = list[int](), 0
        while (match := self._words.search(text, at)) is not None:
            found.append(match.end())
            at = match.start() + 1
        return sorted(found)


def before(text: str, start: int, chars: int = _BEFORE_CHARS) -> str:
    """What stands right before a place."""
    return text[max(0, start - chars) : start]


def is_an_order(text: str, start: int) -> bool:
    """Whether a number is called an order's, or something else that no person is."""
    said = before(text, start)
    return ORDER_BEFORE.search(said) is not None and _CALLED_A_PHONE.search(said) is None
