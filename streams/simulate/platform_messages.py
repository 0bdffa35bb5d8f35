"""A room's events in the words of its platform: the messages that a collector would hear, for the decoders to read.

One platform's messages are spelt in several ways, as collectors do: snake or camel case, numbers as numbers or strings.
What a platform never sends (a viewer who leaves, who clicks; on Douyin and Bilibili the host's words) has no message.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.events.schema import Event, Kind

Json = dict[str, Any]
HASH_OF_32_BITS = 2**32


@dataclass
class RoomTotals:
    """What a platform has counted in a room since its stream began, whether or not it sent each message."""

    likes: int = 0
    came: int = 0


@dataclass(frozen=True)
class Speaker:
    """One room's voice."""

    rng: random.Random
    totals: RoomTotals = field(default_factory=RoomTotals)


def user_number(event: Event) -> int:
    """The platform's own number of a person, from which ingest makes another pseudonym; 0 for nobody."""
    return 0 if event.actor is None else int(event.actor.id[:15], 16)


def tiktok(event: Event, at_ms: int, speaker: Speaker) -> Json | None:
    """TikTok LIVE."""
    name = _TIKTOK.get(event.kind)
    if name is None:
        return None
    common = {"msg_id": str(_number(event)), "create_time": str(at_ms)}
    fields = {**_webcast(event, speaker), **(_said(event, at_ms) if event.kind == "speech" else {})}
    message: Json = {"type": f"Webcast{name}Message", "common": common, **fields}
    return _camel(message) if speaker.rng.random() < 0.5 else message


def douyin(event: Event, at_ms: int, speaker: Speaker) -> Json | None:
    """Douyin: seconds or milliseconds, as the collector had it."""
    name = _DOUYIN.get(event.kind)
    if name is None:
        return None
    common = {"msg_id": _number(event), "create_time": at_ms if speaker.rng.random() < 0.5 else str(at_ms)}
    return _camel({"method": f"Webcast{name}Message", "common": common, **_webcast(event, speaker)})


def bilibili(event: Event, at_ms: int, speaker: Speaker, *, masked: bool = False) -> Json | None:
    """Bilibili's room socket; a like as its open platform tells it, or in the room's total alone. A masked user has uid
    0, and a hash in danmaku."""
    uid, seconds = 0 if masked else user_number(event), at_ms // 1000
    name = "某***" if masked else "某人"
    if event.kind == "comment":
        user_hash = str(user_number(event) % HASH_OF_32_BITS)
        extra: Any = {"id_str": f"{_number(event):x}", "user_hash": user_hash}
        meta = [0, 1, 25, 16_777_215, at_ms, seconds, 0, "", 0, 0, 0, "", 0, "{}", "{}"]
        extra = json.dumps(extra) if speaker.rng.random() < 0.5 else extra
        return {"cmd": "DANMU_MSG", "info": [[*meta, {"extra": extra}], event.text, [uid, name, 0], [], []]}
    if event.kind in _INTERACTIONS:
        data: Json = {"uid": uid, "uname": name, "msg_type": _INTERACTIONS[event.kind], "timestamp": seconds}
        return {"cmd": "INTERACT_WORD", "data": data}
    if event.kind == "like" and speaker.rng.random() < 0.5:
        return {"cmd": "LIKE_INFO_V3_UPDATE", "data": {"click_count": speaker.totals.likes}, "send_time": at_ms}
    if event.kind == "like":
        data = {"msg_id": f"{_number(event):x}", "like_count": event.value, "timestamp": seconds}
        return {"cmd": "LIVE_OPEN_PLATFORM_LIKE", "data": data}
    if event.kind == "gift":
        coins = event.amount * 10
        data = {
            "uid": uid,
            "uname": name,
            "tid": str(_number(event)),
            "num": event.value,
            "price": coins,
            "coin_type": "gold",
        }
        return {"cmd": "SEND_GIFT", "data": {**data, "total_coin": coins * event.value, "timestamp": seconds}}
    if event.kind == "viewers":
        count = {"count": min(event.value, 10_001), "online_count": event.value}
        return {"cmd": "ONLINE_RANK_COUNT", "data": {**count, "timestamp": seconds}}
    if event.kind == "notice":
        return {"cmd": "WARNING", "msg": "", "send_time": at_ms}
    if event.kind == "session_start":
        return {"cmd": "LIVE", "live_key": str(_number(event)), "live_time": seconds}
    return (
        {"cmd": "PREPARING", "msg_id": str(_number(event)), "send_time": at_ms} if event.kind == "session_end" else None
    )


Voice = Callable[[Event, int, Speaker], Json | None]
VOICES: Mapping[str, Voice] = {"tiktok": tiktok, "douyin": douyin, "bilibili": bilibili}

_DOUYIN: Mapping[Kind, str] = {
    "comment": "Chat", "gift": "Gift", "like": "Like", "enter": "Member", "follow": "Social", "share": "Social",
    "viewers": "RoomUserSeq", "session_end": "Control",
}  # fmt: skip
_TIKTOK: Mapping[Kind, str] = {**_DOUYIN, "speech": "Caption", "notice": "Notice"}
_INTERACTIONS: Mapping[Kind, int] = {"enter": 1, "follow": 2, "share": 3}
_ACTIONS: Mapping[Kind, int] = {"follow": 1, "share": 3}
_STREAM_ENDED = 3


def _number(event: Event) -> int:
    """A platform's number for a message: 63 bits of its name."""
    return random.Random(event.event_id).getrandbits(63)


def _webcast(event: Event, speaker: Speaker) -> Json:
    """What TikTok and Douyin have in common; their totals are those of the whole room."""
    fields: Json = {}
    if event.actor is not None:
        fields["user"] = {"id": str(user_number(event)), "follower_count": event.actor.followers}
    if event.kind == "comment":
        fields["content"] = event.text
    elif event.kind == "like":
        fields |= {"count": event.value, "total": speaker.totals.likes}
    elif event.kind == "gift":
        group = 0 if event.subject_id is None else random.Random(event.subject_id).getrandbits(53)
        fields |= {
            "gift_id": event.amount,
            "repeat_count": event.value,
            "group_id": group,
            "repeat_end": int(event.final),
        }
    elif event.kind == "viewers":
        fields |= {"total": event.value, "total_user": str(speaker.totals.came)}
    elif event.kind in _ACTIONS:
        fields["action"] = _ACTIONS[event.kind]
    elif event.kind == "session_end":
        fields |= {"action": _STREAM_ENDED, "status": _STREAM_ENDED}
    return fields


def _said(event: Event, at_ms: int) -> Json:
    sentence = random.Random(event.subject_id).getrandbits(53)
    return {"content": event.text, "timestamp_ms": at_ms, "sentence_id": str(sentence), "definite": event.final}


def _camel(message: Json) -> Json:
    return {_camel_name(name): _camel(value) if isinstance(value, dict) else value for name, value in message.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
