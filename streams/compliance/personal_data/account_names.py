"""Names by which somebody is reached: WeChat, QQ, Instagram, messengers."""

from __future__ import annotations

import re
from typing import Any

from models.normalise import has_han
from streams.compliance.matcher import compile_pattern
from streams.compliance.personal_data.context import AMOUNT_AFTER, before
from streams.compliance.personal_data.digits import HAN_DIGITS
from streams.compliance.personal_data.form import Form, Found, PersonalDatum, always

HEART = "[❤♥♡💕💗💙-💞]"
_WECHAT_ID = (
    rf"(?:[微薇威徽维] ?{HEART}? ?(?:[信芯x]|{HEART})|wechat|wei ?(?:xin|信)|\bv?[vw]x|\bv ?{HEART}|v信|绿泡泡"
    r"|[+加➕][微薇威徽维]|[加➕]v|\+v\b"
    r"|(?:^|[^\pL]|我)[微薇威徽维v](?:号|[:=])+)"
    r"((?: ?(?:号码?|账号|帐号|id))?(?: is\b|[是为叫:= →➡👉])*)([a-z][a-z0-9_\-]{5,19})\b"
)
_SPACED_NAME = (
    rf"(?:[微薇威徽维] ?{HEART}? ?(?:[信芯x]|{HEART})|wechat|\b[vw]x)(?:号码?| ?id)?(?: is\b|[是为叫:= ])*"
    r"([a-z](?: [a-z0-9_\-]){5,19})\b"
)
_ADD_BEFORE = compile_pattern("[+加]|我的?$")
_VEILED_NAME = (
    r"(?:绿色(?:聊天)?(?:软件|图标|app)|绿软|卫星|[围唯喂伟为味卫][信芯心新])"
    r"((?: ?(?:号码?|账号|帐号|id|吧|[加搜找私]我?|联系我?))?(?: is\b|[是为叫:= →➡👉])*)([a-z][a-z0-9_\-]{5,19})\b"
)
_MISSPELT_WECHAT = compile_pattern("[唯味喂围]信")
"""No words of their own, as 唯心 and 伟信 are."""
_ADD_THERE_BEFORE = compile_pattern("(?:[+➕加搜找私]|联系|滴滴|我的)[^,。!?;]{0,3}$")
_ADDED_THERE = compile_pattern("加我|找我|私我|联系我|吧")
_OF_A_PROGRAM = compile_pattern(r"^(?:version|ver|v|ios|android|windows|beta)[\d._]+$")
_FLIGHT = compile_pattern(r"^[a-z]{2}\d{3,4}$")
_GOODS_AFTER = compile_pattern("^ ?(?:多少钱|好用|怎么样|更新|下载|皮肤|头像|延误|起飞|降落)")

_QQ_NUMBER = (
    r"(?:(?:\bq|ԛ) ?[·.\-]? ?[qԛ]|扣 ?扣|(?:[加+➕]|我的?)扣|抠 ?抠|口 ?口|叩 ?叩|企[鹅额]|🐧|球球|秋秋|蔻蔻|寇寇"
    r"|\bqiu ?qiu|\bkou ?kou"
    r"|\bq(?:号|:|我)|(?:[+加➕]我?的?|我的?)q)(?:号码?|群)*(?:是|为|加|[: =])*"
    rf"([1-9]\d{{4,10}}\b|[1-9]\d{{2,5}}(?:[ .·\-]\d{{2,6}}){{1,3}}\b|\(?[1-9](?:[ ()]{{0,2}}\d){{6,10}}\)?"
    rf"|[{HAN_DIGITS}]{{6,11}})"
)
_QQ_LENGTHS = range(5, 12)
_BROKEN_QQ_LENGTHS = range(8, 12)
_QQ_NICKNAME = compile_pattern("(?:球球|秋秋|企[鹅额]) ")
_MIN_NICKNAMED = 6
"""Digits: 球球 and 企鹅 are a ball and a penguin too, and short figures stand behind them."""
_DATE = re.compile(r"(?:19|20)\d\d[ .\-/]\d{1,2}[ .\-/]\d{1,2}\b")

_MESSENGER_NAME = (
    r"(?:\btg|telegram|[纸小]飞机|飞机号|电报号?|飞机[号: ]{1,2}@|\bt\.me/|\bline (?:id|号)|\bskype|\bsnap(?:chat)?"
    r"|[加+➕]赖|(?:飞机|蝙蝠|\bkakao(?:talk)?|\bdiscord|\bviber|\bzalo|\bsignal)(?: id|号|联系|找我)"
    r"|[+加]我?的?line ?:|\bmy line ?:)"
    r"(?:号|账号| id|[加找私]我|搜索?|联系我?)?(?: is\b|[是为叫:= ])*@?((?:live:)?[a-z][a-z0-9_.]{4,31})\b"
)
_ASKED_MESSENGER = (
    r"(?:(?:\b(?:add|dm|find|message|msg|text|reach|hmu)\b(?: me)?(?: on| at| via)?|\bmy)(?: my)?|[+加]我?的?|我的?) ?"
    r"(?:(?:kakao(?:talk)?|discord|viber|zalo|signal)(?: me)?(?: is\b|[是为叫:= ])+|line ?[:=是] ?)"
    r"([a-z][a-z0-9_.]{2,31}(?:#\d{4})?)(?:$|[^a-z0-9_#])"
)
_DISCORD_TAG = r"\bdiscord(?: is\b|[是为叫:= ])+([a-z0-9_.]{2,32}#\d{4})\b"
_KAKAO_NAME = r"\b(?:kakao(?:talk)?|zalo|viber)(?: id)?[:=]+ ?([a-z][a-z0-9.]*_[a-z0-9_.]{1,20})\b"
_BATCHAT_NUMBER = r"蝙蝠(?:号| ?id)(?: is\b|[是为叫:= ])*([1-9]\d{5,9})\b"
_INSTAGRAM_NAME = (
    r"(?:\binsta(?:gram)?|\big|\bins)"
    r"((?:号|账号|帐号| (?:id|handle|name|account|user(?:name)?))?(?: is\b|[是为叫:= →➡👉\-]| @|@)+)"
    r"([a-z][a-z0-9_.]{3,28}[a-z0-9_])(?:$|[^a-z0-9_])"
)
_ADD_ME_BEFORE = compile_pattern(
    r"\b(?:add|dm|follow|find|message|msg|text|reach|hmu|hit)\b[^,.!?;]{0,16}$|[+加][^,。!?;]{0,4}$|我的?$"
)
_OFFER = compile_pattern(
    r"^(?:promo|sale|save|code|deal|off|gift|win|summer|winter|xmas)\w*\d|^\w+ (?:code|discount|sale|filter|promo)"
)
_MIN_NAME = 6


def _wechat(match: Any, text: str) -> Found:
    """An account's name: one with a digit or a joint, or one that is said to be it; `wechat please` is none."""
    link, name = match.group(1), match.group(2)
    told = any(sign in link for sign in "号:=是为叫") or " id" in link
    added = _ADD_BEFORE.search(before(text, match.start(), 6))
    if _OF_A_PROGRAM.search(name) or _GOODS_AFTER.search(text[match.end() : match.end() + 5]):
        return
    if any(not character.isalpha() for character in name) or told or (added and has_han(match.group())):
        yield PersonalDatum(match.start(2), match.end(2), "wechat_id")


def _veiled_name(match: Any, text: str) -> Found:
    """绿色软件 and 卫星 are WeChat where somebody is to be added there; else a program, a satellite."""
    link, name = match.group(1), match.group(2)
    asked = _ADD_THERE_BEFORE.search(before(text, match.start(), 6))
    pointed = any(sign in link for sign in ":=→➡👉") and "_" in name
    asked = asked or _ADDED_THERE.search(link) or pointed or _MISSPELT_WECHAT.match(match.group())
    if ("号" in link or asked or "聊天" in match.group()) and (
        not name.isalpha() or any(sign in link for sign in "号:=是为叫")
    ):
        yield PersonalDatum(match.start(2), match.end(2), "wechat_id")


def _qq_number(match: Any, text: str) -> Found:
    """扣扣12345678; one in pieces only where it is long, since prices and dates stand behind these words too."""
    number = match.group(1)
    digits = sum(c.isalnum() for c in number)
    lengths = _QQ_LENGTHS if digits == len(number) else _BROKEN_QQ_LENGTHS
    amount = _DATE.match(number) or AMOUNT_AFTER.search(text[match.end(1) : match.end(1) + 8])
    nickname = _QQ_NICKNAME.match(match.group()) and digits < _MIN_NICKNAMED
    if digits in lengths and not amount and not nickname:
        yield PersonalDatum(match.start(1), match.end(1), "wechat_id")


def _messenger_name(match: Any, text: str) -> Found:
    """An account's name, with a digit or a joint in it or an @ before it: `telegram channel` is none."""
    name = match.group(1)
    flight = "飞机" in match.group() and _FLIGHT.search(name)
    if flight or _GOODS_AFTER.search(text[match.end(1) : match.end(1) + 5]):
        return
    if not name.isalpha() or match.group().endswith(f"@{name}"):
        yield PersonalDatum(match.start(1), match.end(1), "messenger_id")


def _instagram_name(match: Any, text: str) -> Found:
    """An account's name: one with a joint, one that is said to be it and has a digit, or one that asks to be added;
    `ig: yes` and a code to buy with are none."""
    link, name = match.group(1), match.group(2)
    told = "@" in link or any(sign in link for sign in "号:=是为叫→➡👉-") or " is" in link
    joined = "_" in name or (told and "." in name)
    asked = _ADD_ME_BEFORE.search(before(text, match.start(), 24))
    ends = not text[match.end(2) : match.end(2) + 2].strip(" ,.!;?)。")
    if _OFFER.search(text[match.start(2) : match.end(2) + 12]):
        return
    if joined or "@" in link or (told and not name.isalpha()) or (told and asked and ends and len(name) >= _MIN_NAME):
        yield PersonalDatum(match.start(2), match.end(2), "messenger_id")


FORMS = (
    Form(r"\bwxid_[a-z0-9]{6,24}\b", always("wechat_id")),
    Form(_WECHAT_ID, _wechat),
    Form(_VEILED_NAME, _veiled_name),
    Form(_INSTAGRAM_NAME, _instagram_name),
    Form(_QQ_NUMBER, _qq_number),
    Form(_MESSENGER_NAME, _messenger_name),
    Form(_ASKED_MESSENGER, _messenger_name),
    Form(_KAKAO_NAME, always("messenger_id", 1)),
    Form(_BATCHAT_NUMBER, always("messenger_id", 1)),
    Form(_DISCORD_TAG, always("messenger_id", 1)),
    Form(_SPACED_NAME, always("wechat_id", 1)),
    Form(r"\bwhats ?app[^,。!?;\d]{0,12}(\+?\d(?:[ \-]?\d){8,14})\b", always("messenger_id", 1)),
)
