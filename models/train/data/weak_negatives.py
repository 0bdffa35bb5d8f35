"""Ordinary texts as cautious negatives for risks that nobody labelled on them.

Some risks come from one source in one style (all of fbs_sms_zh is spam), so a model could learn the style instead of
the risk. Posts, reviews and comments are nearly always free of those risks: they count as negatives with a small
weight, unless a word in them speaks for the risk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from models.labels import SENTIMENTS
from models.train.data.sources import SOURCES, Example

WEAK_WEIGHT = 0.35
NEGATIVE = SENTIMENTS.index("negative")

_SPEAKS_FOR = {
    "fraud_spam": r"http|www|加.?[微威薇vq]|免费|中奖|兑换|贷款|兼职|代开|发票|优惠|退订|会员|促销|彩票|点击|"
    r"领取|关注.{0,6}转发|"
    r"subscribe|check out|free|win|won|prize|offer|click|cash|deal|promo|giveaway|discount",
    "misleading": r"治|疗效|免疫|根治|祛|减肥|瘦身|美白|排毒|"
    r"only \d|left in stock|hurry|limited|guarantee|cure|sale|% off|last chance|selling fast",
    "privacy": r"\d{6,}|身份证|手机号|电话|住址|地址|隐私|泄露|人肉|银行卡|"
    r"privacy|leak|dox|address|phone|email|e-mail|passport|password|hack|ssn|card",
    "crisis": r"爆炸|火灾|着火|起火|地震|事故|死亡|身亡|遇难|伤亡|受伤|中毒|召回|洪水|台风|车祸|"
    r"坍塌|裁员|抵制|曝光|丑闻|泄露|疫情|肺炎|病例|过敏|住院|"
    r"抢险|救援|伤员|伤者|事发|撤离|核电|灾|险情|泄漏|倒塌|爆|停牌|失联|遗体|殉|受害|隔离|确诊|疑似|感染|"
    r"explo|fire|flood|quake|storm|hurricane|tornado|bomb|shoot|attack|kill|dead|death|die|crash|recall|"
    r"poison|injur|hospital|boycott|scandal|breach|layoff|strike|ebola|protest|emergency|victim|tsunami|typhoon|"
    r"rescue|evacuat|outbreak|infect|lockdown|missing|wreck|collaps|riot|debris|casualt|lawsuit|investigat",
    "rumor": r"据|曝|网传|听说|转发|速看|震惊|扩散|紧急|求证|辟谣|专家|"
    r"covid|corona|vaccine|breaking|report|rumou?r|claim|according|study|studies|confirmed|hoax|source",
    "diversion": r"加.?[微威薇v]|vx|wx|微信|qq|私聊|私信|联系|电话|转账|线下|"
    r"whats ?app|telegram|dm\b|inbox|wechat|line\b|text me|venmo|paypal|zelle|contact|message me|call me",
    "adult": r"约[炮吗]|裸|色|黄片|援交|上床|做爱|性感|福利姬|骚|胸|开房|床上|一夜|胖次|内裤|老司机|"
    r"nude|sex|porn|xxx|onlyfans|hook ?up|naked|horny|escort|nsfw|adult|boob|dick|pussy|slut|thot",
    "gambling": r"赌|博彩|下注|彩|六合|百家乐|老虎机|盘口|押|投注|棋牌|娱乐城|上分|中奖|"
    r"\bbet|casino|gambl|poker|slots|jackpot|wager|lotter|\bodds|stake|parlay",
    "violence": r"杀|砍|打死|弄死|自杀|跳楼|割腕|血|炸|枪|刀|死|揍|暴力|家暴|强奸|打人|群殴|抑郁|上吊|烧|砸|活不|"
    r"kill|murder|shoot|stab|suicid|\bdie|dead|death|blood|gun|bomb|\bbeat|attack|rape|hang|fight|punch|hurt|violen|burn|knife|slap|smash",
}
_GUARDS = {label: re.compile(pattern) for label, pattern in _SPEAKS_FOR.items()}
_GRIEVANCE = re.compile(
    r"退|换货|客服|质量|发货|物流|快递|差评|服务|售后|投诉|坏了|买|商家|refund|service|order|customer|deliver|late|broken|waiting|cancel"
)
_INSULT = re.compile(
    r"垃圾|骗|傻|滚|死|妈|恶心|黑心|缺德|奸商|脑残|狗|猪|屎|贱|坑|无耻|流氓|sb|fuck|shit|idiot|stupid|bitch|suck|damn|\bass|crap|"
    r"hell|moron|dumb|liar|trash|pathetic|\*\*"
)
_REVIEWS = {"online_shopping_10_cats_zh", "waimai_10k_zh"}
_CUSTOMER_TWEETS = {"airline_tweets_en", "complaints_acl2019_en"}
_OFFENSIVE_SETS = {"cold_zh", "chnci_zh", "conda_chat_en", "davidson_en", "tweeteval_offensive_en"}
_HOST_SPEECH = {"liveamr_violation_zh", "morph_pairs_zh"}
_SPAM = {"fbs_sms_zh", "sms_spam_en", "youtube_spam_en"}
_NEWS = {"cec_news_zh", "crisislex_t26_en", "crisislex_t6_en", "covid_fake_news_en", "ced_weibo_rumor_zh"}
_REAL_EVENTS = {"cec_news_zh", "crisislex_t26_en"}


def add_weak_negatives(examples: Iterable[Example]) -> None:
    """Adds weak negative targets in place where a risk is unknown and nothing in the text speaks for it."""
    for example in examples:
        for label in _absent(example):
            example.risks.setdefault(label, (0.0, WEAK_WEIGHT))


def _absent(example: Example) -> Iterator[str]:
    """The risks that a text of its source, with its words, very probably does not carry."""
    text, source = example.text, example.source
    for label in _usually_absent(source):
        if not _GUARDS[label].search(text):
            yield label
    if source in _HOST_SPEECH:
        yield from ("abuse", "complaint", "privacy", "crisis", "rumor", "adult", "gambling", "violence")
    if source in _SPAM | _NEWS:
        yield from ("abuse", "complaint")
    if source in _REAL_EVENTS:
        yield "rumor"
    if source in _OFFENSIVE_SETS and not _GRIEVANCE.search(text):
        yield "complaint"
    if source in _REVIEWS | _CUSTOMER_TWEETS and not _INSULT.search(text):
        yield "abuse"
    if _is_post(source) and example.sentiment not in (None, NEGATIVE):
        yield "abuse"
        if not example.sentiment_binary:
            yield "complaint"


def _usually_absent(source: str) -> tuple[str, ...]:
    """The risks that are rare in a source, which its guard decides."""
    if _is_post(source) or source in _REVIEWS | _OFFENSIVE_SETS:
        return tuple(_GUARDS)
    if source in _SPAM:
        return ("crisis", "privacy", "rumor", "violence")
    if source in _NEWS:
        return ("fraud_spam", "misleading", "diversion", "privacy", "adult", "gambling")
    return ("diversion",) if source in _HOST_SPEECH else ()


def _is_post(source: str) -> bool:
    return source in SOURCES and SOURCES[source].tweet_like
