"""Recorded streams: gzipped JSON lines of comments with their time, played again as if they came now.

    recorded   09-15 11:51 ................ 09-20 08:12
    played                   now - 4 d 20 h ........ now      times shifted, so that the last comment is at the end

With `original_times` the times stay as recorded and only the pace is played. A line that is no comment, or whose time
cannot be, costs itself alone: it is left out, and told with its number.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import msgspec

from streams.clock import Clock, system_clock
from streams.errors import UsageError
from streams.events.codec import EARLIEST_MS, FAR_AHEAD_MS
from streams.events.schema import TEXT_KINDS, Actor, Event, Kind, Platform
from streams.ingest.context import MAX_TEXT_CHARS, FeedContext
from streams.ingest.foreign import Fields, ForeignError, read_json
from streams.ingest.player import PlaybackResult, ProgressCallback, Sink, TimedRecord, play
from streams.ingest.written_times import written_ms
from streams.topology import SOCIAL

SOURCE = "replay"

_ALIASES: dict[str, Platform] = {
    "抖音": "douyin", "b站": "bilibili", "哔哩哔哩": "bilibili", "小红书": "xiaohongshu", "xhs": "xiaohongshu",
    "rednote": "xiaohongshu", "微博": "weibo", "sina": "weibo", "知乎": "zhihu", "快手": "kuaishou", "淘宝": "taobao",
    "twitter": "x", "bsky": "bluesky",
}  # fmt: skip


@dataclass(frozen=True)
class RecordedLine:
    """One comment; what a recording leaves out is unknown."""

    text: str
    platform: str = "other"
    lang: str | None = None
    kind: str = "comment"
    user: str | None = None
    followers: int = 0
    verified: bool = False


@dataclass(frozen=True)
class Comment:
    """A line that was read, with its time."""

    number: int
    at_ms: int
    line: RecordedLine


@dataclass(frozen=True)
class LeftOut:
    """A line that was left out, and why."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.why}"


@dataclass(frozen=True)
class Recording:
    """A whole file, in the order of time."""

    path: Path
    comments: Sequence[Comment]
    platforms: dict[Platform, int] = field(default_factory=dict)
    left_out: Sequence[LeftOut] = ()
    without_offset: int = 0
    """Comments whose time was written without an offset, and taken to be of the zone."""

    @property
    def first_ms(self) -> int:
        return self.comments[0].at_ms

    @property
    def last_ms(self) -> int:
        return self.comments[-1].at_ms


@dataclass(frozen=True)
class Replayed:
    """What a replay sent; times of events are milliseconds since the epoch."""

    comments: int
    platforms: dict[Platform, int]
    first_event_ms: int
    last_event_ms: int
    played: PlaybackResult


def platform(name: str) -> Platform:
    """The platform that a recording names, by our name or an alias; `other` where it is none of ours."""
    known: dict[str, Platform] = {value: value for value in get_args(Platform)}
    return (known | _ALIASES).get(name.strip().lower(), "other")


def read(path: Path, *, zone: tzinfo = UTC, clock: Clock = system_clock) -> Recording:
    """Read a recording whole; local times are of the zone. Raises UsageError where the file is missing or not gzip, or
    no line of it is a comment."""
    latest_ms = clock() + FAR_AHEAD_MS
    comments, left_out, without_offset = list[Comment](), list[LeftOut](), 0
    for number, line in _lines(path):
        try:
            comment, local = _comment(number, line, zone, latest_ms)
        except ForeignError as error:
            left_out.append(LeftOut(number, str(error)))
        else:
            comments.append(comment)
            without_offset += local
    if not comments:
        raise UsageError(f"{path}, {left_out[0]}" if left_out else f"{path}: no comments in it")
    counts: dict[Platform, int] = {}
    for comment in comments:
        name = platform(comment.line.platform)
        counts[name] = counts.get(name, 0) + 1
    return Recording(path, sorted(comments, key=lambda one: one.at_ms), counts, left_out, without_offset)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with gzip.open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: not a whole gzip file ({error})") from None


def _comment(number: int, line: bytes, zone: tzinfo, latest_ms: int) -> tuple[Comment, bool]:
    """A line's comment, and whether its time was local. Raises ForeignError."""
    value = read_json(line)
    if not isinstance(value, dict):
        raise ForeignError("wrong_type", "not a JSON object")
    fields = Fields(value)
    if not isinstance(fields.get("text"), str):
        raise ForeignError("missing_field", "no text")
    at_ms, local = written_ms(fields.get("time"), zone)
    if at_ms < EARLIEST_MS:
        raise ForeignError("out_of_range", "its time is before 2005")
    if at_ms > latest_ms:
        raise ForeignError("out_of_range", "its time is in the future")
    recorded = RecordedLine(
        text=fields.text("text"),
        platform=fields.text("platform") or "other",
        lang=fields.text("lang")[:16] or None,
        kind=fields.text("kind") or "comment",
        user=fields.identifier("user") or None,
        followers=fields.number_or_none("followers") or 0,
        verified=fields.flag("verified"),
    )
    return Comment(number, at_ms, recorded), local


def replay(
    recording: Recording,
    sink: Sink,
    *,
    context: FeedContext,
    speed: float | None,
    original_times: bool = False,
    on_progress: ProgressCallback | None = None,
    clock: Clock,
    sleep: Callable[[float], None],
) -> Replayed:
    """Play a recording at a speed, or as fast as the sink takes it where that is None.

    Raises UsageError for a speed below one, unless times stay as they are: the last comments would be in the future.
    """
    if speed is not None and (speed <= 0 or (speed < 1 and not original_times)):
        raise UsageError("a replay's speed is 1 or more; below that its comments would be in the future")
    span_ms = recording.last_ms - recording.first_ms
    ends_ms = clock() + (int(span_ms / speed) if speed else 0)
    shift_ms = ends_ms - recording.last_ms
    events = [
        _event(comment, context, comment.at_ms + (0 if original_times else shift_ms), _replay_id(recording, shift_ms))
        for comment in recording.comments
    ]
    records = [
        TimedRecord(SOCIAL, context.brand_id.encode(), msgspec.json.encode(event), comment.at_ms + shift_ms)
        for comment, event in zip(recording.comments, events, strict=True)
    ]
    played = play(records, sink, speed=speed, ends_ms=ends_ms, on_progress=on_progress, clock=clock, sleep=sleep)
    return Replayed(len(events), recording.platforms, events[0].event_time_ms, events[-1].event_time_ms, played)


def _replay_id(recording: Recording, shift_ms: int) -> str:
    """12 hexadecimal digits for one replay: played again, a recording is new comments."""
    return blake2b(f"{recording.path.name}:{shift_ms}".encode(), digest_size=6).hexdigest()


def _event(comment: Comment, context: FeedContext, at_ms: int, replay_id: str) -> Event:
    line = comment.line
    kind: Any = line.kind if line.kind in TEXT_KINDS - {"speech"} else "comment"
    spoken: Kind = kind
    actor: Actor | None = None
    if line.user is not None:
        actor = context.actor(line.user, line.followers, line.verified)
    return Event(
        event_id=f"{SOURCE}:{replay_id}:{comment.number}",
        source=SOURCE,
        platform=platform(line.platform),
        kind=spoken,
        brand_id=context.brand_id,
        event_time_ms=at_ms,
        ingest_time_ms=at_ms,
        actor=actor,
        text=line.text[:MAX_TEXT_CHARS],
        lang=line.lang,
    )
