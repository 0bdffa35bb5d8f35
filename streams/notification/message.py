"""What a person is told, before any receiver's format: a title, and a few lines and links an alert.

Names and summaries come from feeds. Here they lose what no display should obey (control and format characters, line
breaks) and are bounded; what a format's own markup could make of them is that format's to escape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from streams.notification.alertmanager import AlertmanagerAlert, Notification
from streams.untrusted import one_line

Language = Literal["en", "zh"]
SHOWN = 10
"""Alerts a message; the others are a number, and one link away."""
GRAVEST = ("critical", "warning", "info")

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "firing": "FIRING", "resolved": "RESOLVED", "since": "since", "open": "Open", "runbook": "Runbook",
        "more": "and {} more", "critical": "critical", "warning": "warning", "info": "info",
    },
    "zh": {
        "firing": "告警", "resolved": "已恢复", "since": "始于", "open": "查看详情", "runbook": "处置手册",
        "more": "另有 {} 条", "critical": "严重", "warning": "警告", "info": "提示",
        "Crisis": "舆情危机", "CyberViolence": "网络暴力", "Opportunity": "正面机会", "Surge": "声量激增",
        "Compliance": "合规风险", "Privacy": "个人信息", "RoomCollapse": "直播间互动骤降", "FeedSilent": "数据源静默",
        "MonitorBlind": "监控失明", "TopicSilent": "数据中断", "WorkerGone": "处理程序离线",
        "WorkerIdle": "处理程序空闲", "ConsumerBehind": "处理积压", "DeadLetters": "无法读取的数据",
        "TextsUnscored": "文本未评分", "KafkaAway": "消息队列离线",
        "PagesUndelivered": "告警未送达", "RelayGone": "告警中继离线",
        "FakeTraffic": "虚假流量", "Watchdog": "监控心跳",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Links:
    """Where a message's links lead; empty is no link."""

    console: str = ""
    runbooks: str = ""

    def view(self, notice: AlertmanagerAlert) -> str:
        """The alert's own page; what has none is the operations view's."""
        if not self.console:
            return ""
        fingerprint = notice.labels.get("fingerprint", "")
        page = f"alert/{quote(fingerprint, safe='')}" if fingerprint not in ("", "other") else "operations"
        return f"{self.console.rstrip('/')}/{page}"

    def runbook(self, notice: AlertmanagerAlert) -> str:
        name = notice.annotations.get("runbook", "").rpartition("/")[2]
        return f"{self.runbooks.rstrip('/')}/{quote(name, safe='')}" if self.runbooks and name else ""


@dataclass(frozen=True)
class Item:
    """One alert."""

    firing: bool
    severity: str
    summary: str
    since: str
    view: str
    runbook: str
    fingerprint: str


@dataclass(frozen=True)
class Message:
    """All that one notification says."""

    title: str
    firing: bool
    severity: str
    """The gravest of its alerts'."""
    items: Sequence[Item]
    truncated: int
    """Alerts that Alertmanager left out."""
    words: Mapping[str, str]

    @property
    def shown(self) -> Sequence[Item]:
        """Those that a person is shown one by one."""
        return self.items[:SHOWN]

    @property
    def more(self) -> int:
        """Those that are a number."""
        return len(self.items) - len(self.shown) + self.truncated

    def head(self, item: Item) -> str:
        """An alert's first line."""
        state = self.words["firing" if item.firing else "resolved"]
        severity = self.words.get(item.severity, item.severity)
        return f"{state} · {severity} · {item.summary}" if severity else f"{state} · {item.summary}"

    def tail(self) -> str:
        """What is not shown, empty where all is."""
        return self.words["more"].format(self.more) if self.more else ""


def compose(notification: Notification, links: Links, language: Language) -> Message:
    """Firing before resolved, the gravest first."""
    words = WORDS[language]
    alerts = sorted(notification.alerts, key=lambda notice: (notice.status != "firing", _rank(notice.severity)))
    first = alerts[0]
    count = len(alerts) + notification.truncated_alerts
    name = words.get(first.name, one_line(first.name))
    place = " · ".join(one_line(first.labels[label]) for label in ("brand", "room") if first.labels.get(label))
    state = words[notification.status] + (f" ×{count}" if count > 1 else "")
    return Message(
        title=f"[{state}] {name}" + (f" · {place}" if place else ""),
        firing=notification.status == "firing",
        severity=one_line(first.severity),
        items=[_item(notice, links) for notice in alerts],
        truncated=notification.truncated_alerts,
        words=words,
    )


def _item(notice: AlertmanagerAlert, links: Links) -> Item:
    return Item(
        firing=notice.status == "firing",
        severity=one_line(notice.severity),
        summary=one_line(notice.annotations.get("summary", notice.name)),
        since=one_line(notice.starts_at[:19].replace("T", " ") + " UTC"),
        view=links.view(notice),
        runbook=links.runbook(notice),
        fingerprint=notice.fingerprint,
    )


def _rank(severity: str) -> int:
    return GRAVEST.index(severity) if severity in GRAVEST else len(GRAVEST)
