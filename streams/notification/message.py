"""A message before any receiver's format: a title, and a few lines and links an alert.

Names and summaries come from feeds. Here they lose what no display should obey (control and format characters, line
breaks) and are bounded; what a format's own markup could make of them is that format's to escape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from streams.alerts.alert import SEVERITIES
from streams.alerts.kinds import KINDS
from streams.notification.alertmanager import AlertmanagerAlert, Notification
from streams.untrusted import one_line

Language = Literal["en", "zh"]
SHOWN = 10
"""Alerts a message; the others are a number, and one link away."""

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "firing": "FIRING", "resolved": "RESOLVED", "since": "since", "open": "Open", "runbook": "Runbook",
        "more": "and {} more", "critical": "critical", "warning": "warning", "info": "info",
        **{kind.prometheus: kind.en for kind in KINDS.values()},
    },
    "zh": {
        "firing": "告警", "resolved": "已恢复", "since": "始于", "open": "查看详情", "runbook": "处置手册",
        "more": "另有 {} 条", "critical": "严重", "warning": "警告", "info": "提示",
        **{kind.prometheus: kind.zh for kind in KINDS.values()},
        "MonitorBlind": "监控失明", "TopicSilent": "数据中断", "WorkerGone": "处理程序离线",
        "WorkerIdle": "处理程序空闲", "ConsumerBehind": "处理积压", "DeadLetters": "无法读取的数据",
        "TextsUnscored": "文本未评分", "KafkaAway": "消息队列离线",
        "PagesUndelivered": "告警未送达", "RelayGone": "告警中继离线", "Watchdog": "监控心跳",
    },
}  # fmt: skip
"""What a message says beside the names and texts of its alerts; an alert by its name in Prometheus."""


@dataclass(frozen=True)
class Links:
    """The base addresses of a message's links; empty means no link."""

    console: str = ""
    runbooks: str = ""

    def view(self, alert: AlertmanagerAlert) -> str:
        """The alert's own page in the console, or the operations page for an alert that has none."""
        if not self.console:
            return ""
        fingerprint = alert.labels.get("fingerprint", "")
        page = f"alert/{quote(fingerprint, safe='')}" if fingerprint not in ("", "other") else "operations"
        return f"{self.console.rstrip('/')}/{page}"

    def runbook(self, alert: AlertmanagerAlert) -> str:
        name = alert.annotations.get("runbook", "").rpartition("/")[2]
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
    """What one notification says: its alerts, firing before resolved, the gravest first."""

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
        """The alerts that are shown one by one."""
        return self.items[:SHOWN]

    @property
    def more(self) -> int:
        """How many alerts are not shown."""
        return len(self.items) - len(self.shown) + self.truncated

    def head(self, item: Item) -> str:
        """An alert's first line."""
        state = self.words["firing" if item.firing else "resolved"]
        severity = self.words.get(item.severity, item.severity)
        return f"{state} · {severity} · {item.summary}" if severity else f"{state} · {item.summary}"

    def tail(self) -> str:
        """The line about alerts that are not shown; empty where all are."""
        return self.words["more"].format(self.more) if self.more else ""


def compose(notification: Notification, links: Links, language: Language) -> Message:
    """The message of a notification: firing before resolved, the gravest first."""
    words = WORDS[language]
    alerts = sorted(notification.alerts, key=lambda alert: (alert.status != "firing", _rank(alert.severity)))
    first = alerts[0]
    count = len(alerts) + notification.truncated_alerts
    name = words.get(first.name, one_line(first.name))
    scope = " · ".join(one_line(first.labels[label]) for label in ("brand", "room") if first.labels.get(label))
    state = words[notification.status] + (f" ×{count}" if count > 1 else "")
    return Message(
        title=f"[{state}] {name}" + (f" · {scope}" if scope else ""),
        firing=notification.status == "firing",
        severity=one_line(first.severity),
        items=[_item(alert, links) for alert in alerts],
        truncated=notification.truncated_alerts,
        words=words,
    )


def _item(alert: AlertmanagerAlert, links: Links) -> Item:
    return Item(
        firing=alert.status == "firing",
        severity=one_line(alert.severity),
        summary=one_line(alert.annotations.get("summary", alert.name)),
        since=one_line(alert.starts_at[:19].replace("T", " ") + " UTC"),
        view=links.view(alert),
        runbook=links.runbook(alert),
        fingerprint=alert.fingerprint,
    )


def _rank(severity: str) -> int:
    """The graver the lower; a severity that is none of ours comes last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1
