"""TikTok LIVE's webcast messages as JSON: `{"type": "Comment", "common": {"msg_id", "create_time"}, …}`.

What it shares with Douyin is in `webcast`. A caption is spoken again under one `sentence_id` until it is `definite`.
TikTok says when a stream is over and never when one begins.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from streams.events.schema import Event
from streams.ingest.feed import Decoder, Message, Translation, one_or_list
from streams.ingest.foreign import Fields, ForeignError, identifier_of
from streams.ingest.platforms import webcast


def _product(message: Message) -> list[Event]:
    product_id = message.fields.part("pop_product", "product").identifier("product_id", "id")
    return webcast.by_room(message, "product_shown", product_id, product_id=product_id) if product_id else []


def _caption(message: Message) -> list[Event]:
    """What the host says, at the time of its beginning."""
    fields, context = message.fields, message.context
    text = fields.required_text("content") if isinstance(fields.get("content"), str) else _spoken(fields)
    sentence = fields.identifier("sentence_id")
    definite = fields.get("definite")
    at_ms = fields.time_ms("timestamp_ms") or webcast.at_ms(message)
    return [
        message.event(
            "speech",
            webcast.own_id(message, sentence, text),
            at_ms,
            actor=context.actor(context.host or ""),
            text=text,
            final=not sentence or definite is None or fields.flag("definite"),
            subject_id=context.subject_id(sentence) if sentence else None,
        )
    ]


def _spoken(fields: Fields) -> str:
    """The text of a caption that has one for each language: the first, which is the one that was spoken."""
    for part in fields.parts("content", "contents", "caption_data"):
        return part.required_text("content", "text")
    return fields.required_text("content", "text", "caption")


def _question(message: Message) -> list[Event]:
    """What a viewer asks in the box for questions. It has a time and a user of its own."""
    details = message.fields.part("details", "question_details", "question", "data")
    given = {**message.fields.given, **details.given}
    text = Fields(given).required_text("question_text", "text", "content", "question")
    asked = replace(message, fields=Fields(given))
    return webcast.by_user(asked, "comment", text, text=text)


def _delete(message: Message) -> list[Event]:
    """Single messages, or all of the users who were sent away."""
    deleted = _named(message, "delete_msg_ids", "delete_msg_ids_list")
    gone = _named(message, "delete_user_ids", "delete_user_ids_list")
    if not deleted and not gone:
        raise ForeignError("missing_field", "no delete_msg_ids")
    at_ms, actors = webcast.at_ms(message), map(message.context.actor, gone)
    return [
        *(message.retraction(name, at_ms) for name in deleted),
        *(message.event("account_deletion", message.made_id(user, at_ms), at_ms, actor=actor)
          for user, actor in zip(gone, actors, strict=True)),
    ]  # fmt: skip


def _named(message: Message, *fields: str) -> list[str]:
    return list(filter(None, map(identifier_of, message.fields.items(*fields))))


def _control(message: Message) -> list[Event]:
    if message.fields.part("punish_info"):
        return webcast.by_room(message, "notice")
    return webcast.session_end(message) if webcast.ended(message, "action") else []


def _notice(message: Message) -> list[Event]:
    reason = message.fields.text("violation_reason")
    return webcast.by_room(message, "notice", reason, text=reason or None)


_TRANSLATIONS: Mapping[str, Translation] = {
    **webcast.COMMON, "Comment": webcast.chat, "Join": webcast.member, "Follow": webcast.follow,
    "Share": webcast.share, "RoomUser": webcast.viewers, "OecLiveShopping": _product, "Caption": _caption,
    "ImDelete": _delete, "Control": _control, "Notice": _notice, "LiveEnd": webcast.session_end,
    "StreamEnd": webcast.session_end, "QuestionNew": _question, "Question": _question,
}  # fmt: skip
_IGNORED = frozenset({
    "RoomPin", "LivePause", "LiveUnpause", "LiveIntro", "HourlyRank", "RankUpdate", "RankText", "InRoomBanner",
    "GoalUpdate", "LinkMicBattle", "LinkMicArmies", "LinkMicMethod", "LinkLayer", "LinkMessage", "Link",
    "UnauthorizedMember", "RoomVerify", "MsgDetect", "AccessControl", "Toast", "System", "LinkMicFanTicketMethod",
})  # fmt: skip


def _messages_in(value: Any) -> list[Any]:
    return [webcast.taken_out(one) if isinstance(one, dict) else one for one in one_or_list(value)]


DECODER = Decoder(webcast.type_reader([*_TRANSLATIONS, *_IGNORED]), _TRANSLATIONS, _IGNORED, _messages_in)
decode = DECODER.decode
