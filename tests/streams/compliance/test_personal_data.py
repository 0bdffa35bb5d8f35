"""Personal data: what is a person's, what only looks like it, and the mask."""

import pytest

from models.normalise import lower, normalise
from streams.compliance.personal_data import find_personal_data, is_id_card, luhn


def found(text: str) -> list[tuple[str, str]]:
    plain = lower(normalise(text))
    return [(datum.kind, plain[datum.start : datum.end]) for datum in find_personal_data(plain)]


@pytest.mark.parametrize(
    ("text", "kind", "matched"),
    [
        ("打我电话13812345678", "phone", "13812345678"),
        ("138 1234-5678", "phone", "138 1234-5678"),
        ("１３８１２３４５６７８", "phone", "13812345678"),
        ("幺三八零零一三八零零零", "phone", "幺三八零零一三八零零零"),
        ("+86 138 1234 5678", "phone", "86 138 1234 5678"),
        ("call (415) 555-2671", "phone", "(415) 555-2671"),
        ("ring +44 20 7946 0958", "phone", "+44 20 7946 0958"),
        ("four one five five five five two six seven one", "phone", "four one five five five five two six seven one"),
        ("身份证11010519491231002X", "id_card", "11010519491231002x"),
        ("银行卡号4111 1111 1111 1111", "bank_card", "4111 1111 1111 1111"),
        ("车牌沪A12345", "plate", "沪a12345"),
        ("新能源粤B·D12345", "plate", "粤b·d12345"),
        ("住在文三路128号3幢502室", "address", "住在文三路128号3幢502室"),
        ("she lives at 42 Maple Street, Apt 5", "address", "42 maple street, apt 5"),
        ("mail jane.doe@example.com", "email", "jane.doe@example.com"),
        ("ssn 078-05-1120", "ssn", "078-05-1120"),
        ("护照号E12345678", "passport", "e12345678"),
        ("我微信：abc_12345", "wechat_id", "abc_12345"),
        ("my wechat is johnny_appleseed", "wechat_id", "johnny_appleseed"),
        ("WeChat ID: johnny", "wechat_id", "johnny"),
        ("加我微信 lisiabc", "wechat_id", "lisiabc"),
        ("威信 zhang12345", "wechat_id", "zhang12345"),
        ("V❤ zhao_liu99", "wechat_id", "zhao_liu99"),
        ("加薇zhang12345", "wechat_id", "zhang12345"),
        ("4155550134 is my cell", "phone", "4155550134"),
        ("我家座机 010-62345678", "phone", "010-62345678"),
        ("身份证号11010519491231003X", "id_card", "11010519491231003x"),
        ("6222021234567890128", "bank_card", "6222021234567890128"),
        ("朝阳区望京西园四区416楼2单元1201", "address", "朝阳区望京西园四区416楼2单元1201"),
        ("中奖的王女士，地址幸福路12号", "address", "幸福路12号"),
        ("the winner, 48 Elm Street", "address", "48 elm street"),
        ("加qq 12345678", "wechat_id", "12345678"),
    ],
)
def test_personal_data_is_found(text: str, kind: str, matched: str) -> None:
    assert found(text) == [(kind, matched)]


@pytest.mark.parametrize(
    "text",
    [
        "订单号13812345678", "运单 773012345678901", "这件199，那件1380", "客服400-820-8820", "call 1-800-555-0199",
        "110105194912310021", "4111 1111 1111 1112", "产品编号4111111111111111", "support@brand.com", "沪ABCDEF",
        "门店地址文三路128号3幢", "2024-01-02 13:45", "1.5升装", "500*365=9125000", "一二三四五六七八九十",
        "it costs 415.55 26.71", "order 4155552671", "微信支付", "微信 iphone用户", "wechat please",
        "wechat is closed today", "加vlog拍摄", "维x vitamins", "客服电话0571-88886666", "6222021234567890121",
        "地址幸福路12号", "我们公司在文三路128号3幢502室",
    ],
)  # fmt: skip
def test_orders_prices_and_shops_are_no_people(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("number", "valid"),
    [("11010519491231002X", True), ("110105194912310021", False), ("11010519491331002X", False), ("1", False)],
)
def test_id_card_has_its_check_character_and_a_real_date(number: str, valid: bool) -> None:
    assert is_id_card(number) is valid


def test_luhn_refuses_every_single_wrong_digit() -> None:
    number = "6222021234567890128"
    good = next(number[:-1] + digit for digit in "0123456789" if luhn(number[:-1] + digit))
    for place, right in enumerate(good):
        wrong = [good[:place] + digit + good[place + 1 :] for digit in "0123456789" if digit != right]
        assert not any(map(luhn, wrong))
