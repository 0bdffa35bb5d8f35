"""What messages say, in the languages that people read: words, and the sentences of each kind of alert.

Chinese is written once, in simplified characters; `zh-TW` and `zh-HK` are made of it. A sentence's placeholders take
figures and names, which no conversion touches.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from streams.alerts.kinds import KINDS
from streams.chinese import Region, in_traditional
from streams.compliance.loader import family_titles

Language = Literal["en", "zh", "zh-CN", "zh-TW", "zh-HK"]
"""`zh` is `zh-CN`."""

PLATFORMS: Mapping[str, tuple[str, str]] = {
    "douyin": ("Douyin", "抖音"), "tiktok": ("TikTok", "TikTok"), "bilibili": ("Bilibili", "哔哩哔哩"),
    "kuaishou": ("Kuaishou", "快手"), "taobao": ("Taobao", "淘宝"), "xiaohongshu": ("Xiaohongshu", "小红书"),
    "weibo": ("Weibo", "微博"), "zhihu": ("Zhihu", "知乎"), "bluesky": ("Bluesky", "Bluesky"),
    "mastodon": ("Mastodon", "Mastodon"), "x": ("X", "X"), "youtube": ("YouTube", "YouTube"),
}  # fmt: skip
"""(English, Chinese); `other` is none that has a name."""

_EN: Mapping[str, str] = {
    "firing": "FIRING", "resolved": "RESOLVED", "grown": "WORSE", "over": "OVER", "since": "since", "open": "Open",
    "runbook": "Runbook", "more": "and {} more", "critical": "critical", "warning": "warning", "info": "info",
    "room": "room {}", "alerts": "{} alerts", "separator": ", ", "space": " ", "colon": ": ",
    **{kind.prometheus: kind.en for kind in KINDS.values()},
    **{name: en for name, (en, _) in PLATFORMS.items()},
    # Sentences. A figure's usual value stands beside it.
    "n_texts": "{n} text|{n} texts", "n_minutes": "{n} minute|{n} minutes", "n_usual": "{n} is usual|{n} are usual",
    "n_allowed": "{n} is allowed|{n} are allowed", "usual_unknown": "what is usual is not known yet",
    "no_record": "Its figures and texts cannot be read now: see the console.",
    "texts": "{texts} in {minutes}; {usual}.",
    "harm": "{n} of them is negative or carries a risk.|{n} of them are negative or carry a risk.",
    "praise": "{n} of them is positive.|{n} of them are positive.",
    "now": "Now {texts_per_minute} a minute.",
    "calm": "Calm since {calm}; it resolves at {resolves} if it stays so.",
    "findings": "{n} finding|{n} findings",
    "breach": "{findings} of “{family}”; none are usual. The latest: “{matched}”, {article}.",
    "breaches": "{findings} of “{family}”; none are usual.",
    "undisclosed": "{minutes} of selling without a disclosure; {allowed}.",
    "collapse": "Viewers fell from {before} to {viewers}.",
    "collapse_now": "{viewers} are there now.",
    "fake": "{share} of the {figure} did not come from real viewers.",
    "enters": "enters", "likes": "likes", "comments": "comments",
    "silent": "Nothing from {source} for {minutes}; its longest gap before was {gap}.",
    "clock_ahead": "The clock of {source} is {minutes} ahead; detection corrects it.",
    "clock_behind": "The clock of {source} is {minutes} behind; detection corrects it.",
    "quote": "“{text}”{times} – {platform}",
    "times": " (×{})",
    "began": "Since {onset}.",
    "ended": "From {onset} to {end}.",
    "ended_unseen": "It began at {onset} and was over at {end}, before anybody could be told.",
    "grew": "It was {before} when it was first told.",
    "acknowledged": "{author} works on it.",
    "confirmed": "{author} has confirmed it.",
    "false_alarm": "{author} has called it a false alarm.",
}  # fmt: skip
_ZH: Mapping[str, str] = {
    "firing": "告警", "resolved": "已恢复", "grown": "已升级", "over": "已结束", "since": "始于", "open": "查看详情",
    "runbook": "处置手册", "more": "另有 {} 条", "critical": "严重", "warning": "警告", "info": "提示",
    "room": "直播间 {}", "alerts": "{} 条告警", "separator": "、", "space": "", "colon": "：",
    **{kind.prometheus: kind.zh for kind in KINDS.values()},
    **{name: zh for name, (_, zh) in PLATFORMS.items()},
    "MonitorBlind": "监控失明", "TopicSilent": "数据中断", "WorkerGone": "处理程序离线",
    "WorkerIdle": "处理程序空闲", "ConsumerBehind": "处理积压", "DeadLetters": "无法读取的数据",
    "TextsUnscored": "文本未评分", "TextsLate": "文本迟到", "EventsAhead": "事件时间超前",
    "FeedGap": "数据源缺口", "FeedDown": "数据源断开", "KafkaAway": "消息队列离线",
    "PagesUndelivered": "告警未送达", "RelayGone": "告警中继离线", "Watchdog": "监控心跳",
    "RelayTest": "告警通道测试",
    "n_texts": "{n} 条", "n_minutes": "{n} 分钟", "n_usual": "平时为 {n} 条", "n_allowed": "最多允许 {n} 分钟",
    "usual_unknown": "平时的水平尚不清楚", "no_record": "暂时读不到数字和原文，请在控制台查看。",
    "texts": "{minutes}内有 {texts}讨论，{usual}。",
    "harm": "其中 {n} 条为负面或有风险。",
    "praise": "其中 {n} 条为好评。",
    "now": "目前每分钟 {texts_per_minute} 条。",
    "calm": "自 {calm} 起已回落，若保持平静将于 {resolves} 解除。",
    "findings": "{n}",
    "breach": "“{family}”已出现 {findings} 处，平时没有。最新一处：“{matched}”，{article}。",
    "breaches": "“{family}”已出现 {findings} 处，平时没有。",
    "undisclosed": "已带货 {minutes}而未声明广告，{allowed}。",
    "collapse": "在线人数由 {before} 降至 {viewers}。",
    "collapse_now": "目前在线 {viewers} 人。",
    "fake": "{share} 的{figure}并非来自真实观众。",
    "enters": "进房", "likes": "点赞", "comments": "评论",
    "silent": "{source} 已 {minutes}没有数据，此前最长间隔为 {gap}。",
    "clock_ahead": "{source} 的时钟快 {minutes}，检测已校正。",
    "clock_behind": "{source} 的时钟慢 {minutes}，检测已校正。",
    "quote": "“{text}”{times}——{platform}",
    "times": "（×{}）",
    "began": "始于 {onset}。",
    "ended": "自 {onset} 至 {end}。",
    "ended_unseen": "始于 {onset}，在通知发出之前已于 {end} 结束。",
    "grew": "首次通知时为{before}级。",
    "acknowledged": "{author} 正在处理。",
    "confirmed": "{author} 已确认属实。",
    "false_alarm": "{author} 已判定为误报。",
}  # fmt: skip


@cache
def family_name(family: str, language: Language) -> str:
    """A rule family as people read it; its id where no pack has it."""
    title = family_titles().get(family)
    if title is None:
        return family
    if language == "en":
        return title.en
    return title.zh if language in ("zh", "zh-CN") else in_traditional(title.zh, _region(language))


def _region(language: Language) -> Region:
    return "tw" if language == "zh-TW" else "hk"


@cache
def words(language: Language) -> Mapping[str, str]:
    """Every word and sentence of a language, by its name; of an alert, by its name in Prometheus."""
    if language == "en":
        return MappingProxyType(_EN)
    if language in ("zh", "zh-CN"):
        return MappingProxyType(_ZH)
    return MappingProxyType({name: in_traditional(said, _region(language)) for name, said in _ZH.items()})
