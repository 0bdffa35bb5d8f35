"""Stored records: their order never changes, their version is in their bytes, and older bytes are read."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest

import streams
from streams.ledger.stored import Stored, StoredCodec, UnknownVersion, stored_fields

GOLDEN: dict[str, tuple[str, ...]] = {
    "streams.alerts.episode.Episode": (
        "alert",
        "since_ms",
        "calm_since_ms",
    ),
    "streams.compliance.disclosure_timers.DisclosureState": (
        "since_ms",
        "last_sign_ms",
        "disclosed_ms",
        "last_speech_ms",
        "pause_ms",
        "declared",
        "disclosed_in_title",
    ),
    "streams.detection.arrival.Arrivals": (
        "now_ms",
        "pace_ms",
        "pending",
        "pending_ms",
        "refuted",
        "in_doubt",
    ),
    "streams.detection.baseline.baseline.Baseline": (
        "log_mean",
        "windows",
        "quantile",
        "mean_excess",
        "exceedances",
        "seasonality",
        "mean_of",
        "proven",
    ),
    "streams.detection.baseline.burst.Burst": (
        "short",
        "long",
        "past",
        "alarming_windows",
        "mean",
    ),
    "streams.detection.baseline.seasonality.DailySeasonality": (
        "profile",
        "seen",
        "windows",
        "residual",
        "unexplained",
        "confidence",
    ),
    "streams.detection.brand.brand.BrandState": (
        "brand_id",
        "watermark",
        "minute",
        "conversation",
        "breaches",
        "feeds",
        "late_records",
        "last_log_ms",
        "shadow_rules",
        "taken_early",
        "times",
        "names_hidden_ms",
        "polls",
    ),
    "streams.detection.brand.poll.Poll": ("since_ms", "minutes", "texts"),
    "streams.detection.brand.poll.PolledMinute": ("by_clock", "minute", "tally", "labels", "held"),
    "streams.detection.brand.breach.Breach": (
        "episode",
        "last_ms",
        "findings",
        "rules",
        "evidence",
        "wordings",
    ),
    "streams.detection.brand.breach.BreachState": ("running",),
    "streams.detection.brand.conversation.ConversationState": (
        "windows",
        "volume",
        "harm",
        "crisis",
        "attention",
        "evidence",
        "resolved_ms",
        "held_minute",
    ),
    "streams.detection.brand.custom_rules.AlertRuleState": (
        "minutes",
        "episode",
        "evidence",
    ),
    "streams.detection.brand.custom_rules.RuleMinute": (
        "texts",
        "counted",
    ),
    "streams.detection.brand.windows.Tally": (
        "texts",
        "scored",
        "negative",
        "positive",
        "harm",
        "abuse",
        "personal_abuse",
        "followers",
        "weighted_harm_tenths",
        "abuse_hundredths",
        "harm_hundredths",
    ),
    "streams.detection.brand.windows.AbuseCount": (
        "scored",
        "hundredths",
    ),
    "streams.detection.brand.windows.Windows": (
        "next_start",
        "minutes",
        "hours",
    ),
    "streams.detection.dedup.AppliedOffsets": (
        "offsets",
        "unscored",
    ),
    "streams.detection.evidence.EvidenceCollector": (
        "texts",
        "with_account",
        "accounts",
        "influence",
        "wordings",
        "shown",
        "praise",
        "talk",
        "neutral_wordings",
    ),
    "streams.detection.evidence.RankedEvidence": (
        "weight",
        "evidence",
        "wording",
    ),
    "streams.detection.feed_silence.FeedActivity": (
        "first_ms",
        "last_ms",
        "records",
        "largest_gap_ms",
        "partition",
        "event_ms",
    ),
    "streams.detection.feed_silence.FeedMonitor": (
        "sources",
        "silences",
    ),
    "streams.detection.feed_time.FeedClock": (
        "running",
        "before",
    ),
    "streams.detection.feed_time.FeedTime": (
        "last_ms",
        "clock",
        "lateness",
        "late_records",
        "offset_ms",
        "needed_ms",
        "ahead_records",
    ),
    "streams.detection.feed_time.FeedTimes": (
        "feeds",
        "wait_ms",
        "episodes",
    ),
    "streams.detection.feed_time.Lateness": (
        "counts",
        "at_ms",
    ),
    "streams.detection.feed_time.Stretch": (
        "since_ms",
        "until_ms",
        "records",
        "least_ms",
        "most_ms",
        "far",
        "far_least_ms",
        "far_most_ms",
    ),
    "streams.detection.handler.Progress": (
        "log",
        "applied",
        "resolved",
        "shadow",
        "arrivals",
        "partitions",
    ),
    "streams.detection.retractions.CountedText": (
        "minute",
        "tally",
        "views",
        "wording",
        "actor_id",
        "source",
        "room_id",
        "came_unscored",
    ),
    "streams.detection.room.collapse.RoomLevel": (
        "viewers",
        "interactions",
    ),
    "streams.detection.room.collapse.RoomMinute": (
        "viewers",
        "interactions",
    ),
    "streams.detection.room.disclosure.DisclosureSession": (
        "session_id",
        "last_ms",
        "jurisdiction",
        "language",
        "tail",
        "tail_ms",
        "timers",
    ),
    "streams.detection.room.disclosure.TimerState": (
        "disclosure",
        "signs",
        "episode",
    ),
    "streams.detection.room.fake_traffic.AccountActivity": (
        "likes",
        "comments",
    ),
    "streams.detection.room.fake_traffic.MinuteResult": (
        "all",
        "fake",
    ),
    "streams.detection.room.fake_traffic.TrafficWindow": (
        "enters",
        "likes",
        "comments",
        "bounces",
        "viewers",
        "snapshots",
        "accounts",
        "phrases",
        "usual_stay_seconds",
        "busiest",
        "lockstep_minutes",
        "results",
        "flagged_accounts",
        "unheard_likes",
        "told_likes",
    ),
    "streams.detection.room.likes.RoomLikes": ("total", "at_ms", "beside", "falls"),
    "streams.detection.room.room.RoomState": (
        "room_id",
        "brand_id",
        "watermark",
        "minute",
        "activity",
        "source",
        "minutes",
        "ended",
        "collapse",
        "silence",
        "late_records",
        "last_log_ms",
        "traffic",
        "fake_traffic",
        "disclosures",
        "session",
        "platform",
        "times",
        "names_hidden",
    ),
    "streams.detection.room.sessions.StreamSession": (
        "session_id",
        "began_ms",
        "ended_ms",
        "earlier",
    ),
    "streams.detection.views.summaries.BrandView": (
        "texts_per_minute",
        "windows",
        "feeds",
        "times",
        "names_hidden_ms",
    ),
    "streams.detection.views.summaries.FeedTimeView": (
        "offset_ms",
        "needed_ms",
        "late",
        "ahead",
    ),
    "streams.detection.views.summaries.FeedView": (
        "last_ms",
        "records",
        "silent",
    ),
    "streams.detection.views.summaries.RoomView": (
        "brand_id",
        "source",
        "ended",
        "fake_shares",
        "platform",
        "names_hidden",
    ),
    "streams.detection.watermark.Head": (
        "event_ms",
        "log_ms",
    ),
    "streams.detection.watermark.KeyWatermark": (
        "now_ms",
        "heads",
    ),
    "streams.detection.watermark.SourceProgress": (
        "by_source",
        "in_doubt",
    ),
    "streams.engagement.day_marks.DayMark": ("day",),
    "streams.engagement.like_totals.CollectorTotal": (
        "highest",
        "at_ms",
        "behind",
        "stretch",
        "falls",
        "fell_from",
        "fell_to",
    ),
    "streams.engagement.like_totals.LikeTotal": (
        "day",
        "turned_ms",
        "collectors",
    ),
    "streams.engagement.orders.OrderMark": (
        "stretch",
        "records",
    ),
    "streams.engagement.running_totals.HighWaterMark": (
        "day",
        "highest",
        "added",
    ),
}


def import_everything() -> None:
    for module in pkgutil.walk_packages(streams.__path__, "streams."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_orders_of_stored_fields_are_only_appended_to() -> None:
    import_everything()
    ours = {name: fields for name, fields in stored_fields().items() if name.startswith("streams.")}
    assert ours == GOLDEN, "a field may be appended with a default, and is then written down here; nothing else"


class First(Stored):
    name: str
    count: int = 0


class Appended(Stored):
    """`First` after a field was appended: no new version is needed."""

    name: str
    count: int = 0
    tags: list[str] = []


class Second(Stored):
    """`First` after its count was changed to tenths."""

    VERSION: ClassVar[int] = 2
    UPGRADES: ClassVar[dict[int, Callable[[list[Any]], list[Any]]]] = {1: lambda values: [values[0], 10 * values[1]]}
    name: str
    count: int = 0


def test_version_is_the_first_byte() -> None:
    written = StoredCodec(First).encode(First("a", 3))
    assert written == b"\x01" + msgspec.msgpack.encode(["a", 3])
    assert StoredCodec(First).decode(written) == First("a", 3)


def test_bytes_from_before_versions_are_read() -> None:
    assert StoredCodec(First).decode(msgspec.msgpack.encode(["a", 3])) == First("a", 3)


def test_appended_field_has_its_default_in_older_bytes_and_is_skipped_by_older_workers() -> None:
    assert StoredCodec(Appended).decode(StoredCodec(First).encode(First("a", 3))) == Appended("a", 3)
    assert StoredCodec(First).decode(StoredCodec(Appended).encode(Appended("a", 3, ["x"]))) == First("a", 3)


@pytest.mark.parametrize(
    "older", [msgspec.msgpack.encode(["a", 3]), StoredCodec(First).encode(First("a", 3))], ids=["version 0", "1"]
)
def test_older_version_is_upgraded_step_by_step(older: bytes) -> None:
    assert StoredCodec(Second).decode(older) == Second("a", 30)


def test_newer_version_is_refused() -> None:
    newer = StoredCodec(Second).encode(Second("a", 30))
    with pytest.raises(UnknownVersion, match="First is stored in version 2; this worker knows 1 and older"):
        StoredCodec(First).decode(newer)


def test_bytes_of_nothing_are_no_record() -> None:
    with pytest.raises(msgspec.DecodeError):
        StoredCodec(First).decode(b"")
