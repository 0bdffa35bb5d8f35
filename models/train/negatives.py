"""Ordinary texts as cautious negatives for risks that nobody labelled on them.

Some risks come from one source in one style (all of fbs_sms_zh is spam), so a model could learn the style instead of
the risk. Posts, reviews and comments are nearly always free of those risks: they count as negatives with a small
weight, unless a word in them speaks for the risk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from models.labels import SENTIMENTS
from models.train.sources import SOURCES, Example

WEAK_WEIGHT = 0.35
NEGATIVE = SENTIMENTS.index("negative")

_SPEAKS_FOR = {
    "fraud_spam": r"http|www|加.?[微威薇vq]|免费|中奖|兑换|贷款|兼职|代开|发票|优惠|退订|会员|促销|彩票|点击|"
    r"领取|关注.{0,6}转发|"
    r"subscribe|check out|free|win|won|prize|offer|click|cash|deal|promo|giveaway|discount",
    "misleading": r"第一|最|治|疗效|免疫|根治|祛|减肥|瘦身|美白|排毒|"
    r"only \d|left in stock|hurry|limited|guarantee|cure|sale|% off|last chance|selling fast",
    "privacy": r"\d{6,}|身份证|手机号|电话|住址|地址|隐私|泄露|人肉|银行卡|"
    r"privacy|leak|dox|address|phone|email|e-mail|passport|password|hack|ssn|card",
    "crisis": r"爆炸|火灾|着火|起火|地震|事故|死亡|身亡|遇难|伤亡|受伤|中毒|召回|洪水|台风|车祸|"
    r"坍塌|裁员|抵制|曝光|丑闻|泄露|疫情|肺炎|病例|过敏|住院|"
    r"explo|fire|flood|quake|storm|hurricane|tornado|bomb|shoot|attack|kill|dead|death|die|crash|recall|"
    r"poison|injur|hospital|boycott|scandal|breach|layoff|strike|ebola|protest|emergency|victim|tsunami|typhoon",
    "rumor": r"据|曝|网传|听说|转发|速看|震惊|扩散|紧急|求证|辟谣|专家|"
    r"covid|corona|vaccine|breaking|report|rumou?r|claim|according|study|studies|confirmed|hoax|source",
    "diversion": r"加.?[微威薇v]|vx|wx|微信|qq|私聊|私信|联系|电话|转账|线下|"
    r"whats ?app|telegram|dm\b|inbox|wechat|line\b|text me|venmo|paypal|zelle|contact|message me|call me",
}
_GUARDS = {label: re.compile(pattern) for label, pattern in _SPEAKS_FOR.items()}
_ORDINARY_REVIEWS = {"online_shopping_10_cats_zh", "waimai_10k_zh"}
_SPAM_STYLE = {"fbs_sms_zh", "sms_spam_en", "youtube_spam_en"}
_NEWS_STYLE = {"cec_news_zh", "crisislex_t26_en", "crisislex_t6_en", "covid_fake_news_en", "ced_weibo_rumor_zh"}


def add_weak_negatives(examples: Iterable[Example]) -> None:
    """Adds weak negative targets in place where a risk is unknown and nothing in the text speaks for it."""
    for example in examples:
        source = SOURCES.get(example.source)
        if source is None:
            continue
        ordinary = source.tweet_like or example.source in _ORDINARY_REVIEWS or example.source == "cold_zh"
        for label, guard in _GUARDS.items():
            spam_elsewhere = example.source in _SPAM_STYLE and label in ("crisis", "privacy", "rumor")
            news_elsewhere = example.source in _NEWS_STYLE and label in (
                "fraud_spam",
                "misleading",
                "diversion",
                "privacy",
            )
            if label in example.risks or not (ordinary or spam_elsewhere or news_elsewhere):
                continue
            if not guard.search(example.text):
                example.risks[label] = (0.0, WEAK_WEIGHT)
        if source.tweet_like and example.sentiment is not None and example.sentiment != NEGATIVE:
            if not example.sentiment_binary:
                example.risks.setdefault("complaint", (0.0, WEAK_WEIGHT))
            example.risks.setdefault("abuse", (0.0, WEAK_WEIGHT))
