"""Personal data: what is a person's, what only looks like it, and the mask."""

from pathlib import Path

import pytest

from models.normalise import lower, normalise
from streams.compliance.personal_data import find_personal_data, is_id_card, luhn
from streams.compliance.text_reading import mask

WRITTEN = Path(__file__).parent


def lines(name: str) -> list[str]:
    return (WRITTEN / name).read_text(encoding="utf-8").splitlines()


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
        (
            "g b 2 9 n w b k 6 0 1 6 1 3 3 1 9 2 6 8 1 9 is mine",
            "bank_card",
            "g b 2 9 n w b k 6 0 1 6 1 3 3 1 9 2 6 8 1 9",
        ),
        ("insta: lily_2020x, call me", "messenger_id", "lily_2020x"),
        ("加我绿色软件 zhangsan88", "wechat_id", "zhangsan88"),
        ("ip ::ffff:183.62.141.9", "ip_address", "::fff:183.62.141.9"),
        ("DE89/3704/0044/0532/0130/00 danke", "bank_card", "de89/3704/0044/0532/0130/00"),
    ],
)
def test_personal_data_is_found(text: str, kind: str, matched: str) -> None:
    assert found(text) == [(kind, matched)]


def test_accounts_side_by_side_are_each_found() -> None:
    both = "g b 2 9 n w b k 6 0 1 6 1 3 3 1 9 2 6 8 1 9, de89370400440532013000"
    assert [kind for kind, _ in found(both)] == ["bank_card", "bank_card"]


def test_words_that_a_country_code_begins_are_no_account_whatever_their_check_digits() -> None:
    words = (f"at {number} people in the room we" for number in range(10, 100))
    assert not [text for text in words if found(text)]


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


HIDDEN = [
    "008613800138000", "0086 138 0013 8000", "0086-138-0013-8000", "电话138/0013/8000", "138,0013,8000找我",
    "138.0013.8000", "138、0013、8000", "1-3-8-0-0-1-3-8-0-0-0", "1.3.8.0.0.1.3.8.0.0.0", "138|0013|8000",
    "1380/0138/000", "1 3 8 0 0 1 3 8 0 0 0", "我妈电话0571-88231234", "打(021)62345678找我", "010-62345678",
    "家里座机02162345678", "联系电话 0755 8234 5678", "扣扣12345678", "抠抠：87654321", "企鹅号 123456789",
    "加我企鹅12345678", "Q号:88776655", "球球 9876543210", "１３８００１３８０００", "①③⑧⓪⓪①③⑧⓪⓪⓪", "❶❸❽⓿⓿❶❸❽⓿⓿⓿",
    "١٣٨٠٠١٣٨٠٠٠", "१३८००१३८०००", "一三八零零一三八零零零", "壹叁捌零零壹叁捌零零零", "〡〣〨〇〇〡〣〨〇〇〇",
    "一三八 零零一三 八零零零", "l38OOl38OOO", "l3800138000", "I38OO138OOO", "138oo138ooo", "13B0013B000",
    "138<b>0013</b>8000", "138&#48;0138000", "倒着看 00083100831", "00083100831倒过来就是我电话",
    "倒着念:一五九三〇二四七六八一", "一五九三〇二四七六八一 倒过来", "我手机一百八十六 七千四百二十 三千九百五十一",
    "打一百三十八,零零一三,八千零一", "一百五十九 3024 7681 找我",
    "my number backwards 00083100831", "号码反过来写的：00083100831",
    "yao san ba ling ling yao san ba ling ling ling", "yao-san-ba-ling-ling-yao-san-ba-ling-ling-ling",
    "yaosanbalinglingyaosanbalinglingling", "yi san ba 0 0 1 3 8 ling ling ling", "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000", "iban FR14 2004 1010 0505 0001 3M02 606", "我的ip是113.87.160.21", "ip 192.168.1.23",
    "his ip: 2001:4860:4860::8888", "登录地址 8.8.4.4", "742 Evergreen Terrace, Springfield, OR 97403",
    "221B? no: 12 Baker Street, flat 3", "she moved to 18 Rose Lane, London NW1 6XE", "1600 Pine Ave Apt 4B",
    "jane dot doe at gmail dot com", "john.smith(at)acme(dot)com", "zhang123 at qq dot com", "12345678艾特qq点com",
    "lily[at]hotmail[dot]com", "my email is marc at acme dot org", "xiaoming圈a163点com", "微：abc12345",
    "薇: xiaomei88", "v信abc_123", "vx: lily2020", "加薇 zhang12345", "wxid_a1b2c3d4e5f6", "v: abc_123",
    "Vx：lisi2020", "+44 20 7946 0958", "00 44 20 7946 0958", "call (415) 555-2671",
    "159[笑]1234[哭]5678", "159（点）1234（点）5678", "打我家0532/85551234", "0755—8376—5566找我",
    "我的宅电是零二一五八八八七七六六", "手机0912-345-678", "加扣扣：三二九四八一七二六", "加我q 329481726",
    "叩叩329481726", "qiu qiu 329481726", "Q·Q 329481726", "QQ:3294 81726", "I5912E45678", "15g12345678", "159I234S6T8",
    "ı59ı2345678", "15912З45678", "号码倒过来念 8765 4321 951", "yāo wǔ jiǔ yāo èr sān sì wǔ liù qī bā",
    "他的IP：2400:3200:baba::1", "ip 183[.]62[.]141[.]9", "他的ip是183。62。141。9", "IP 183 . 62 . 141 . 9",
    "she lives at 221B Baker Street, London", "we moved to 18 Elm Drive last week", "come to my place, 9 Maple Lane",
    "P.O. Box 1234, Austin TX is mine", "I'm at 88 North King's Highway", "zhangsan艾特qq.com", "薇♥ zhangsan1988",
]  # fmt: skip
NOBODYS = [
    "订单号13812345678", "订单号 0086138001380001", "运单773012345678901", "139/199/299/399",
    "139,199,299,399元任选", "13,800,138,000人看过", "1,380,013,800", "2026/11/29 13:45", "2026.11.29", "13:45:30",
    "138.50元", "满300减50,满500减100", "1/3 8/10", "EAN 4006381333931", "6901234567892", "条码6901234567892",
    "ISBN 9787111213826", "SKU l3800138", "型号l380b1380", "model i38oo", "序列号 138oo138ooo",
    "客服电话0571-88886666", "客服热线400-820-8820", "门店电话 021-62345678", "酒店前台 010-65123456",
    "售后 0755-82345678", "服务电话010-12345678", "020-12345678客服", "企鹅很可爱 12只", "QQ音乐100万首",
    "q弹的100个丸子", "球球了 10点开始", "口口相传1000年", "扣扣子 5颗", "①②③④⑤", "第①步 第②步 第③步", "١٠٠ ريال",
    "这件一百八十六块,那件七千四百二十块", "一百八十六,两百三十,三百五十都有", "倒着背 三一四一五九二六五三五",
    "一百三十五,一千二百三十四,五千六百七十八元", "一百三十斤一米六三二百五",
    "5 star way of life", "10 minutes drive", "倒着数 54321", "倒过来看 12345678901",
    "yi er san si wu liu qi ba jiu", "yi san wu", "ling ling qi", "version 1.2.3.4", "v10.0.19.44", "固件 2.4.18.3",
    "192.168.1.1", "127.0.0.1", "1.1.1", "look at amazon dot com", "shop at glowco dot com",
    "support at glowco dot com", "info@brand.com", "比分 3:2:1", "12:34:56:78", "aa:bb:cc:dd:ee:ff", "微: 信支付",
    "v: very good", "薇薇安 1999", "微波炉:abcdef", "加v5车", "抽奖码 l38", "DE2026 new arrival 2026", "GB12 3456",
    "code AB12 3456 7890 1234", "100 main road bikes sold", "our store is at 12 Baker Street",
    "headquarters: 1600 Pine Ave", "flight CA1380 0138", "价格138,0013件", "138.0013", "库存13800", "1380013元",
    "1st 2nd 3rd", "tracking 1Z999AA10123456784", "2 dot com bubbles", "尺码 36/37/38/39/40/41", "138/158/178/198",
    "13.8/15.8/17.8", "比例1:3:8:0", "2026-11-29T13:45:30", "00083100831", "银行卡尾号 8000", "at 8 dot 30",
    "meet me at noon dot", "3.5-4.5kg", "批次 20261129138", "19.9 29.9 39.9 49.9", "1.5元 3.8元 13.8 15.9 19.9 29.9",
    "1(红)3(蓝)8(黄)", "我q弹的脸 100", "扣扣 100-200元", "0755客服零七五五八八八八九九九九", "look at amazon.com",
    "8点8点8点8点开抢", "shop at our store, 9 Maple Lane", "our office: P.O. Box 1234", "零食二三四五种",
]  # fmt: skip


@pytest.mark.parametrize("text", [*HIDDEN, *lines("written_people.txt")])
def test_personal_data_is_found_and_masked_however_it_is_written(text: str) -> None:
    assert found(text)
    assert mask(text).count("*") >= 5


@pytest.mark.parametrize("text", [*NOBODYS, *lines("written_nobody.txt")])
def test_what_looks_like_personal_data_is_left_alone(text: str) -> None:
    assert found(text) == []
    assert mask(text) == text
