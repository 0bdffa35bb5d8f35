"""Douyin's webcast messages as JSON: `{"method": "WebcastChatMessage", "common": {"msgId", "createTime"}, …}`.

What it shares with TikTok is in `webcast`. `createTime` is in seconds or milliseconds, as the collector had it; follows
and shares come as `Social`, and `RoomStats` has the viewers of now where `RoomUserSeq` is not sent.
"""

from collections.abc import Mapping

from streams.events.schema import Event
from streams.ingest.feed import Decoder, Message, Translation
from streams.ingest.foreign import ForeignError
from streams.ingest.platforms import webcast

_EVER_CAME = ("看过", "累计", "人次", "观看")
"""Words of a number that is not the viewers of now."""


def _stats(message: Message) -> list[Event]:
    if any(word in message.fields.text("display_long") for word in _EVER_CAME):
        return []
    present = message.fields.number_or_none("display_value", "total")
    if present is None:
        present = message.fields.shown_number("display_short", "display_middle")
    if present is None:
        raise ForeignError("missing_field", "no display_value")
    return webcast.by_room(message, "viewers", present, value=present, value_mode="snapshot")


def _control(message: Message) -> list[Event]:
    return webcast.session_end(message) if webcast.ended(message, "status", "action") else []


_TRANSLATIONS: Mapping[str, Translation] = {**webcast.COMMON, "RoomStats": _stats, "Control": _control}
_IGNORED = frozenset({
    "Fansclub", "RoomRank", "RanklistHourEntrance", "UpdateFanTicket", "CommonText", "MatchAgainstScore",
    "RoomStreamAdaptation", "InRoomBanner", "NotifyEffect", "ProfitInteractionScore", "HotRoom", "RoomDataSync",
    "LinkMic", "LinkMicMethod", "LinkMicArmiesMethod", "RoomIntro", "Room",
})  # fmt: skip

DECODER = Decoder(webcast.type_reader([*_TRANSLATIONS, *_IGNORED]), _TRANSLATIONS, _IGNORED)
decode = DECODER.decode
