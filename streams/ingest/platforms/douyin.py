"""Douyin's webcast messages as JSON: `{"method": "WebcastChatMessage", "common": {"msgId", "createTime"}, …}`.

What it shares with TikTok is in `webcast`. `createTime` is in seconds or milliseconds, as the collector had it; follows
and shares come as `Social`, and `RoomStats` has the viewers of now where `RoomUserSeq` is not sent.

Local collectors put a message into an envelope of their own:

    {"Type": 1, "Data": "{\\"MsgId\\": …}"}                   a number, and the message as a string of JSON
    {"method": "WebcastChatMessage", "payload": {…}}         or `data`, `parsed`
    [{…}, {…}]                                               several
"""

from collections.abc import Mapping
from typing import Any

from streams.events.schema import Event
from streams.ingest.feed import Decoder, Message, Translation, one_or_list
from streams.ingest.foreign import Fields, ForeignError, whole_number
from streams.ingest.platforms import webcast

_EVER_CAME = ("看过", "累计", "人次", "观看")
"""Words of a number that is not the viewers of now."""
_NUMBERED: Mapping[int, str] = {
    1: "Chat", 2: "Like", 3: "Member", 4: "Follow", 5: "Gift", 6: "RoomUserSeq", 7: "Fansclub", 8: "Share",
    9: "LiveEnd",
}  # fmt: skip
"""What a collector's numbers stand for."""


def _stats(message: Message) -> list[Event]:
    if any(word in message.fields.text("display_long") for word in _EVER_CAME):
        return []
    names = "display_value", "total", "display_short", "display_middle"
    told = [message.fields.shown_number(name) for name in names]
    present = next(filter(None, told), next((0 for one in told if one == 0), None))
    if present is None:
        raise ForeignError("missing_field", "no display_value")
    return webcast.by_room(message, "viewers", present, value=present, value_mode="snapshot")


def _control(message: Message) -> list[Event]:
    return webcast.session_end(message) if webcast.ended(message, "status", "action") else []


def _messages_in(value: Any) -> list[Any]:
    return [_taken_out(one) if isinstance(one, dict) else one for one in one_or_list(value)]


def _taken_out(given: dict[str, Any]) -> dict[str, Any]:
    """A message without its envelope; as it is, where it has none."""
    fields = Fields(given)
    number = whole_number(given.get("Type"))
    if number is not None and fields.part("Data"):
        inner = dict(fields.part("Data").given)
        seen = Fields(inner).number_or_none("OnlineUserCount")
        viewers = {} if seen is None else {"total": seen, "total_user": Fields(inner).number_or_none("TotalUserCount")}
        return {**inner, **viewers, "method": _NUMBERED.get(number, f"Type {number}")}
    return webcast.taken_out(given)


_TRANSLATIONS: Mapping[str, Translation] = {
    **webcast.COMMON, "RoomStats": _stats, "Control": _control, "Follow": webcast.follow, "Share": webcast.share,
    "LiveEnd": webcast.session_end,
}  # fmt: skip
_IGNORED = frozenset({
    "Fansclub", "RoomRank", "RanklistHourEntrance", "UpdateFanTicket", "CommonText", "MatchAgainstScore",
    "RoomStreamAdaptation", "InRoomBanner", "NotifyEffect", "ProfitInteractionScore", "HotRoom", "RoomDataSync",
    "LinkMic", "LinkMicMethod", "LinkMicArmiesMethod", "RoomIntro", "Room",
})  # fmt: skip

DECODER = Decoder(webcast.type_reader([*_TRANSLATIONS, *_IGNORED]), _TRANSLATIONS, _IGNORED, _messages_in)
decode = DECODER.decode
