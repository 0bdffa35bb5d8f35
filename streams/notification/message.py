"""A message before any receiver's format: a title for a lock screen, and a few sentences and links an episode.

Names and texts come from feeds. Here they lose what no display should obey (control and format characters, line breaks)
and are bounded; what a format's own markup could make of them is that format's to escape.

Alertmanager knows an alert by its labels, people know an episode: one that grew from warning to critical comes as an
alert that resolved and another that fires. It is one item here, and one key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from streams.alerts.alert import SEVERITIES
from streams.alerts.wording import in_room
from streams.control.decisions import ends
from streams.notification.alertmanager import AlertmanagerAlert, Notification, read_time
from streams.notification.sentences import KnownAlert, Reader, key_sentence, sentences
from streams.untrusted import one_line

SHOWN = 10
NAME_CHARS = 60
"""Of a brand's or a room's name: behind a longer one nobody would see the figure on a lock screen."""
"""Episodes a message; the others are a number, and one link away."""


@dataclass(frozen=True)
class Links:
    """The base addresses of a message's links; empty means no link."""

    console: str = ""
    runbooks: str = ""

    def view(self, alert: AlertmanagerAlert) -> str:
        """The alert's own page in the console, or the operations page for an alert that has none."""
        if not self.console:
            return ""
        fingerprint = alert.episode
        page = f"alert/{quote(fingerprint, safe='')}" if fingerprint else "operations"
        return f"{self.console.rstrip('/')}/{page}"

    def runbook(self, alert: AlertmanagerAlert) -> str:
        name = alert.annotations.get("runbook", "").rpartition("/")[2]
        return f"{self.runbooks.rstrip('/')}/{quote(name, safe='')}" if self.runbooks and name else ""


@dataclass(frozen=True)
class Item:
    """One episode, or one alert of the monitor itself."""

    alert: AlertmanagerAlert
    firing: bool
    over: bool
    """Whether it tells the end: Alertmanager says so, or the record does while Alertmanager lets it fire."""
    severity: str
    head: str
    """Its first line: state, severity, what and where."""
    lines: Sequence[str]
    """Sentences about it."""
    since: str
    """Its onset in the reader's zone."""
    onset_ms: int | None
    view: str
    runbook: str
    key: str
    """The same for as long as the episode lasts, however grave it gets."""
    summary: str
    """All of it in one line."""


@dataclass(frozen=True)
class Message:
    """What one notification says: its episodes, firing before resolved, the gravest first."""

    title: str
    firing: bool
    severity: str
    """The gravest of its episodes'."""
    items: Sequence[Item]
    truncated: int
    """Alerts that Alertmanager left out."""
    words: Mapping[str, str]

    @property
    def shown(self) -> Sequence[Item]:
        """The episodes that are shown one by one."""
        return self.items[:SHOWN]

    @property
    def more(self) -> int:
        """How many alerts are not shown."""
        return len(self.items) - len(self.shown) + self.truncated

    def tail(self) -> str:
        """The line about alerts that are not shown; empty where all are."""
        return self.words["more"].format(self.more) if self.more else ""


def compose(
    notification: Notification, links: Links, reader: Reader, known: Mapping[str, KnownAlert] | None = None
) -> Message | None:
    """The message of a notification; None where nothing of it is news: its alerts fire on, as another alert or beyond
    the series' cap. `known` is what Redis has, by fingerprint; without it the notification's own words have to do."""
    known = known or {}
    alerts = _episodes(notification.alerts, known)
    if not alerts:
        return None
    items = [_item(alert, links, reader, known.get(alert.episode)) for alert in alerts]
    firing = any(item.firing for item in items)
    return Message(
        title=_title(items, notification.truncated_alerts, reader, known),
        firing=firing,
        severity=items[0].severity,
        items=items,
        truncated=notification.truncated_alerts,
        words=reader.words,
    )


def _episodes(alerts: Sequence[AlertmanagerAlert], known: Mapping[str, KnownAlert]) -> list[AlertmanagerAlert]:
    """An alert an episode: the gravest that fires, or the one that resolved if the episode is over."""
    chosen: dict[str, AlertmanagerAlert] = {}
    for alert in sorted(alerts, key=lambda alert: (alert.status != "firing", _rank(alert.severity))):
        chosen.setdefault(alert.key, alert)
    return [alert for alert in chosen.values() if not _fires_on(alert, known.get(alert.episode))]


def _fires_on(alert: AlertmanagerAlert, known: KnownAlert | None) -> bool:
    """Whether an alert resolved although its episode goes on: it grew, or is among the `other` series now."""
    return (
        alert.status == "resolved" and known is not None and known.alert.state == "firing" and not ends(known.decision)
    )


def _item(alert: AlertmanagerAlert, links: Links, reader: Reader, known: KnownAlert | None) -> Item:
    firing = alert.status == "firing"
    onset_ms = known.alert.started_at if known else read_time(alert.starts_at)
    since = reader.moment(onset_ms) if onset_ms is not None else one_line(alert.starts_at)
    head = " · ".join(_head(alert, reader, known))
    lines = sentences(known, reader, firing=firing) if known else _own_words(alert, reader, since)
    return Item(
        alert=alert,
        firing=firing,
        over=not firing or (known is not None and known.alert.state == "resolved"),
        severity=one_line(alert.severity),
        head=head,
        lines=lines,
        since=since,
        onset_ms=onset_ms,
        summary=head + reader.words["colon"] + " · ".join(lines),
        view=links.view(alert),
        runbook=links.runbook(alert),
        key=alert.key,
    )


def _own_words(alert: AlertmanagerAlert, reader: Reader, since: str) -> list[str]:
    """What the alert's annotations say: of the monitor's own alerts, and where Redis cannot be read."""
    said = alert.annotations.get("summary_zh", "") if reader.language != "en" else ""
    if reader.language != "en" and not said and alert.episode:
        said = reader.words["no_record"]  # its summary is in English
    summary = one_line(said or alert.annotations.get("summary", alert.name))
    return [summary, f"{reader.words['since']} {since}"]


def _head(alert: AlertmanagerAlert, reader: Reader, known: KnownAlert | None) -> list[str]:
    said = reader.words
    return [part for part in (_state(alert, known, said), _severity(alert, said), *_what(alert, reader)) if part]


def _state(alert: AlertmanagerAlert, known: KnownAlert | None, said: Mapping[str, str]) -> str:
    if alert.status != "firing":
        return said["resolved"]
    if known is not None and known.alert.state == "resolved":
        return said["over"]
    grew = known is not None and known.alert.first_severity not in (None, known.alert.severity)
    return said["grown" if grew else "firing"]


def _severity(alert: AlertmanagerAlert, said: Mapping[str, str]) -> str:
    return said.get(alert.severity, one_line(alert.severity))


def _what(alert: AlertmanagerAlert, reader: Reader) -> list[str]:
    name = reader.words.get(alert.name, one_line(alert.name))
    return [name, *_where(alert, reader)]


def _where(alert: AlertmanagerAlert, reader: Reader) -> list[str]:
    brand, room = alert.labels.get("brand", ""), one_line(alert.labels.get("room", ""), NAME_CHARS)
    called = in_room(room) if reader.language == "en" else reader.words["room"].format(room)
    parts = [one_line(reader.brand_label(brand), NAME_CHARS) if brand else "", called if room else ""]
    return [part for part in parts if part]


def _title(items: Sequence[Item], truncated: int, reader: Reader, known: Mapping[str, KnownAlert]) -> str:
    """What a lock screen shows: severity, what and where, and the figure against the usual; of several, how many."""
    first, count = items[0], len(items) + truncated
    record = known.get(first.alert.episode)
    if count == 1:
        figure = key_sentence(record.alert, reader) if record and first.firing else ""
        return f"{first.head} · {figure}" if figure else first.head
    said = reader.words
    names = dict.fromkeys(said.get(item.alert.name, one_line(item.alert.name)) for item in items)
    places = {tuple(_where(item.alert, reader)) for item in items}
    where = list(places.pop()) if len(places) == 1 else []
    parts = [_state(first.alert, record, said), _severity(first.alert, said), said["alerts"].format(count), *where]
    return " · ".join(part for part in [*parts, said["separator"].join(list(names)[:4])] if part)


def _rank(severity: str) -> int:
    """The graver the lower; a severity that is none of ours comes last."""
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1
