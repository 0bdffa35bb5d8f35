"""Each receiver's format: how a message is written, what its answers mean, its rate limits.

Signatures, limits and answers as the platforms document them for custom robots (looked up in November 2026):
Feishu/Lark: HMAC-SHA256 of nothing, keyed with "seconds\\nsecret", base64, in the body; 5 a second and 100 a minute;
code 11232 is the limit's. DingTalk: HMAC-SHA256 of "milliseconds\\nsecret", keyed with the secret, base64, in the URL;
20 a minute. WeCom: no signature; 20 a minute; markdown of at most 4,096 bytes; errcode 45009 is the limit's.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote_plus

import msgspec

from streams.alerts.alert import SEVERITIES
from streams.notification.alertmanager import Notification, written_time
from streams.notification.message import Item, Message
from streams.notification.rate_limit import Limit
from streams.untrusted import one_line

Fate = Literal["delivered", "again", "refused"]
ReceiverKind = Literal["webhook", "slack", "pagerduty", "feishu", "dingtalk", "wecom"]
WECOM_BYTES = 4096
DINGTALK_BYTES = 18_000
PAGERDUTY_SUMMARY = 1024
COLOURS = {"critical": "red", "warning": "orange", "info": "blue"}


@dataclass(frozen=True)
class Address:
    """A receiver's URL and its secret: a signing key, a routing key, or nothing."""

    url: str
    secret: str = ""


@dataclass(frozen=True)
class RenderInput:
    """Everything that a format writes a message from."""

    notification: Notification
    message: Message
    address: Address
    now_ms: int


@dataclass(frozen=True)
class Post:
    """One request; its body is sent as JSON."""

    url: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a response means: delivered, try again, or refused for good."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class Format:
    """One kind of receiver."""

    write: Callable[[RenderInput], Sequence[Post]]
    parse_response: Callable[[int, bytes], Answer]
    """From the response's status and body."""
    limits: Sequence[Limit] = ()
    keeps_state: bool = False
    """Whether the receiver keeps an alert open until it hears that it resolved."""


def _webhook(source: RenderInput) -> list[Post]:
    """Alertmanager's own format, an alert an episode, with what a person reads as annotations."""
    message = source.message
    alerts = [
        msgspec.structs.replace(item.alert, annotations={**item.alert.annotations, **_annotations(item)})
        for item in message.items
    ]
    told = msgspec.structs.replace(
        source.notification,
        alerts=alerts,
        status="firing" if message.firing else "resolved",
        common_annotations={**source.notification.common_annotations, "title": message.title},
    )
    secret = source.address.secret
    return [
        Post(source.address.url, msgspec.to_builtins(told), {"Authorization": f"Bearer {secret}"} if secret else {})
    ]


def _annotations(item: Item) -> dict[str, str]:
    onset = {} if item.onset_ms is None else {"since": written_time(item.onset_ms, "seconds")}
    links = {name: url for name, url in (("view", item.view), ("runbook_url", item.runbook)) if url}
    return {"title": item.head, "summary": item.summary, **onset, **links}


def _slack(source: RenderInput) -> list[Post]:
    """Block Kit, which Slack-compatible servers read too."""
    message = source.message
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(_fullwidth(message.title), 150), "emoji": False}}
    ]
    for item in message.shown:
        lines = [f"*{_fullwidth(item.head)}*", *map(_fullwidth, item.lines)]
        links = [f"<{url}|{label}>" for label, url in _links(message, item)]
        text = "\n".join([*lines, " · ".join(links)] if links else lines)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}})
    if message.more:
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": message.tail()}]})
    return [Post(source.address.url, {"text": _fullwidth(message.title), "blocks": blocks})]


def _pagerduty(source: RenderInput) -> list[Post]:
    """Events API v2, an event an episode: its fingerprint is the key, so that an episode that grows is one incident."""
    message = source.message
    posts = []
    for item in message.items:
        alert = item.alert
        event: dict[str, Any] = {
            "routing_key": source.address.secret,
            "event_action": "trigger" if item.firing else "resolve",
            "dedup_key": item.key,
            "links": [{"href": url, "text": label} for label, url in _links(message, item)],
        }
        if item.firing:
            event["payload"] = {
                "summary": _cut(item.summary, PAGERDUTY_SUMMARY),
                "source": "pulsewatch",
                "severity": item.severity if item.severity in SEVERITIES else "error",
                "timestamp": alert.starts_at if item.onset_ms is None else written_time(item.onset_ms, "seconds"),
                "component": one_line(alert.labels.get("brand") or alert.labels.get("stage") or "pulsewatch"),
                "class": one_line(alert.name),
                "custom_details": {
                    **{one_line(name): one_line(value) for name, value in alert.labels.items()},
                    "message": "\n".join(item.lines),
                },
            }
        posts.append(Post(source.address.url, event))
    return posts


def _feishu(source: RenderInput) -> list[Post]:
    """An interactive card of plain-text elements only, which Feishu shows as they are: no mention, no markup."""
    message = source.message
    elements: list[dict[str, Any]] = []
    for item in message.shown:
        lines = "\n".join([item.head, *item.lines])
        elements.append({"tag": "div", "text": {"tag": "plain_text", "content": lines}})
        buttons = [
            {"tag": "button", "text": {"tag": "plain_text", "content": label}, "url": url, "type": "default"}
            for label, url in _links(message, item)
        ]
        if buttons:
            elements.append({"tag": "action", "actions": buttons})
    if message.more:
        elements.append({"tag": "note", "elements": [{"tag": "plain_text", "content": message.tail()}]})
    colour = COLOURS.get(message.severity, "blue") if message.firing else "green"
    header = {"title": {"tag": "plain_text", "content": message.title}, "template": colour}
    body = {"msg_type": "interactive", "card": {"header": header, "elements": elements}}
    return [Post(source.address.url, {**feishu_signature(source.address.secret, source.now_ms), **body})]


def feishu_signature(secret: str, now_ms: int) -> dict[str, str]:
    """The signature fields of the body, `timestamp` in seconds and `sign`; none without a secret."""
    if not secret:
        return {}
    timestamp = str(now_ms // 1000)
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def _dingtalk(source: RenderInput) -> list[Post]:
    text = _markdown(source.message, DINGTALK_BYTES)
    body = {"msgtype": "markdown", "markdown": {"title": _fullwidth(source.message.title), "text": text}}
    signature = dingtalk_signature(source.address.secret, source.now_ms)
    joint = ("&" if "?" in source.address.url else "?") if signature else ""
    return [Post(source.address.url + joint + signature, body)]


def dingtalk_signature(secret: str, now_ms: int) -> str:
    """The signature as URL parameters, `timestamp` in milliseconds and `sign`; empty without a secret."""
    if not secret:
        return ""
    digest = hmac.new(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return f"timestamp={now_ms}&sign={quote_plus(base64.b64encode(digest))}"


def _wecom(source: RenderInput) -> list[Post]:
    content = _markdown(source.message, WECOM_BYTES)
    return [Post(source.address.url, {"msgtype": "markdown", "markdown": {"content": content}})]


def _markdown(message: Message, max_bytes: int) -> str:
    """The markdown that DingTalk and WeCom share, as many whole alerts as fit."""
    blocks = [f"### {_fullwidth(message.title)}"]
    for number, item in enumerate(message.shown):
        links = " ".join(f"[{label}]({url})" for label, url in _links(message, item))
        said = "".join(f"\n\n> {_fullwidth(line)}" for line in item.lines)
        block = f"**{_fullwidth(item.head)}**{said}" + (f"\n\n{links}" if links else "")
        hidden = len(message.shown) - number + message.more
        rest = message.words["more"].format(hidden)
        if len("\n\n".join([*blocks, block, rest]).encode()) > max_bytes:
            return "\n\n".join([*blocks, rest])
        blocks.append(block)
    return "\n\n".join([*blocks, message.tail()] if message.more else blocks)


_WIDE = str.maketrans({
    "<": "＜", ">": "＞", "[": "［", "]": "］", "(": "（", ")": "）", "*": "＊", "_": "＿", "`": "｀", "#": "＃",
    "~": "～", "!": "！", "|": "｜", "\\": "＼", "@": "＠", "&": "＆", "$": "＄",
})  # fmt: skip


def _fullwidth(text: str) -> str:
    """Replaces every character of some receiver's markup by its full-width twin: not all renderers know an escape.

    A scheme loses its slashes, so that no bare address becomes a link.
    """
    return text.translate(_WIDE).replace("://", "：／／")


def _links(message: Message, item: Item) -> list[tuple[str, str]]:
    """(label, address). Addresses are made of settings and quoted names, never of a feed's text."""
    links = [(message.words["open"], item.view), (message.words["runbook"], item.runbook)]
    return [(label, url) for label, url in links if url]


def _cut(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def _by_status(status: int, body: bytes) -> Answer:
    if 200 <= status < 300:
        return Answer("delivered")
    reason = f"HTTP {status}: {one_line(body[:200].decode(errors='replace'))}"
    return Answer("again" if status in (408, 429) or status >= 500 else "refused", reason)


def _by_code(names: Sequence[str], again: Mapping[int, str]) -> Callable[[int, bytes], Answer]:
    """For robots that answer 200 and put the outcome into a field of the body: 0 is delivered."""

    def parse_response(status: int, body: bytes) -> Answer:
        answer = _by_status(status, body)
        if answer.fate != "delivered":
            return answer
        try:
            reply = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            return Answer("again", "an answer that is no JSON")
        code: Any = next((reply[name] for name in names if name in reply), None)
        if code == 0:
            return answer
        if code in again:
            return Answer("again", f"code {code}: {again[code]}")
        return Answer("refused", one_line(f"code {code}: {reply.get('msg') or reply.get('errmsg') or ''}"))

    return parse_response


FORMATS: Mapping[ReceiverKind, Format] = {
    "webhook": Format(_webhook, _by_status, [Limit(20, 1), Limit(200, 60)], keeps_state=True),
    "slack": Format(_slack, _by_status, [Limit(1, 1)]),
    "pagerduty": Format(_pagerduty, _by_status, [Limit(120, 60)], keeps_state=True),
    "feishu": Format(_feishu, _by_code(["code", "StatusCode"], {11232: "too often"}), [Limit(5, 1), Limit(100, 60)]),
    "dingtalk": Format(
        _dingtalk, _by_code(["errcode"], {-1: "busy", 130101: "too often", 90030: "too often"}), [Limit(20, 60)]
    ),
    "wecom": Format(_wecom, _by_code(["errcode"], {-1: "busy", 45009: "too often"}), [Limit(20, 60)]),
}
