"""Recorded streams: gzipped JSON lines of comments with their time, played again as if they came now.

    recorded   09-15 11:51 ................ 09-20 08:12
    played                   now - 4 d 20 h ........ now      times shifted, so that the last comment is at the end

With `original_times` the times stay as recorded and only the pace is played.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import msgspec

from streams.clock import Clock
from streams.errors import UsageError
from streams.events.schema import TEXT_KINDS, Actor, Event, Kind, Platform
from streams.ingest.context import MAX_TEXT_CHARS, FeedContext
from streams.ingest.player import PlaybackResult, ProgressCallback, Sink, TimedRecord, play
from streams.topology import SOCIAL

SOURCE = "replay"

_ALIASES: dict[str, Platform] = {
    "抖音": "douyin", "b站": "bilibili", "哔哩哔哩": "bilibili", "小红书": "xiaohongshu", "xhs": "xiaohongshu",
    "rednote": "xiaohongshu", "微博": "weibo", "sina": "weibo", "快手": "kuaishou", "淘宝": "taobao",
    "twitter": "x", "bsky": "bluesky",
}  # fmt: skip


class RecordedLine(msgspec.Struct, frozen=True):
    """One comment; what a recording leaves out is unknown."""

    time: str | int | float
    text: str
    platform: str = "other"
    lang: str | None = None
    kind: str = "comment"
    user: str | int | None = None
    followers: int = 0
    verified: bool = False


@dataclass(frozen=True)
class Comment:
    """A line that was read, with its time."""

    number: int
    at_ms: int
    line: RecordedLine


@dataclass(frozen=True)
class Recording:
    """A whole file, in the order of time."""

    path: Path
    comments: Sequence[Comment]
    platforms: dict[Platform, int] = field(default_factory=dict)

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


def read(path: Path) -> Recording:
    """Read a recording whole. Raises UsageError where the file is missing, not gzip, or a line is not a comment."""
    comments = sorted(_comments(path), key=lambda comment: comment.at_ms)
    if not comments:
        raise UsageError(f"{path}: no comments in it")
    counts: dict[Platform, int] = {}
    for comment in comments:
        name = platform(comment.line.platform)
        counts[name] = counts.get(name, 0) + 1
    return Recording(path, comments, counts)


def _comments(path: Path) -> Iterator[Comment]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _comment(path, number, line)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: not a whole gzip file ({error})") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 ({error.reason})") from None


def _comment(path: Path, number: int, line: str) -> Comment:
    try:
        recorded = msgspec.json.decode(line, type=RecordedLine)
        return Comment(number, _milliseconds(recorded.time), recorded)
    except (msgspec.DecodeError, ValueError, OverflowError) as error:
        raise UsageError(f"{path}, line {number}: {error}") from None


def _milliseconds(time: str | float) -> int:
    """ISO 8601 (without an offset: UTC), or seconds or milliseconds since the epoch. ValueError, OverflowError."""
    if isinstance(time, str):
        moment = datetime.fromisoformat(time)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    seconds = time if abs(time) < 100_000_000_000 else time / 1000
    return int(datetime.fromtimestamp(seconds, UTC).timestamp() * 1000)


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
