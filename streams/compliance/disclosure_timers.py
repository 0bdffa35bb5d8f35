"""Disclosure timers: how long a stream that sells may run without a disclosure, as the packs say.

    host       . . s . . . . . . . d . . . . . . . . . . .       s sells    d discloses    . speaks
    undisclosed    |-------------| |-------------------->        at `first_minutes`, then `every_minutes`, it is overdue

Only time in which captions arrive counts: a silent feed does not show what was said, and a stream without captions is
never overdue. Two legal ideas stand behind it. In the United States a disclosure in a
live stream is to be repeated, so that people who see only a part of it see one (16 CFR 255.5; FTC, Disclosures 101 for
Social Media Influencers, 2019); in China an advertisement must be recognisable as one (广告法 14, 互联网广告管理办法 9
and 19). Neither names minutes: those in the packs are a policy, for lawyers to set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.normalise import has_han, lower, normalise, normalise_mapped
from streams.clock import MINUTE_MS
from streams.compliance.loader import PACKS_FOLDER, read_packs, read_shared
from streams.compliance.matcher import compile_pattern, sentence_around
from streams.compliance.pack import Pack, PhraseSpec, Stream, Timer
from streams.compliance.pack_entry import PackEntry
from streams.ledger.stored import Stored


class DisclosureState(Stored):
    """A session under one timer: its last sign of selling, its last disclosure, its last caption. Stored."""

    since_ms: int | None = None
    """The last disclosure or the first sign, whichever is later; None while the stream is not commercial."""
    last_sign_ms: int = 0
    disclosed_ms: int | None = None
    last_speech_ms: int | None = None
    pause_ms: int = 0
    """Of the time since `since_ms`."""
    declared: bool = False
    """The feed says that the session is commercial, from its start to its end."""
    disclosed_in_title: bool = False
    """Its title discloses it, where that suffices."""

    def on_sale_sign(self, at_ms: int) -> None:
        """A sign that the stream is commercial."""
        if self.since_ms is None:
            self.since_ms, self.pause_ms = at_ms, 0
        self.last_sign_ms = max(self.last_sign_ms, at_ms)

    def on_disclosure(self, at_ms: int) -> None:
        """A disclosure; one that comes late counts from when it was made."""
        self.disclosed_ms = max(at_ms, self.disclosed_ms or 0)
        if self.since_ms is not None and at_ms >= self.since_ms:
            self.since_ms, self.pause_ms = at_ms, 0

    def on_speech(self, timer: Timer, at_ms: int) -> None:
        """A caption of the host, whatever it says."""
        if self.last_speech_ms is not None and at_ms - self.last_speech_ms > timer.longest_pause_minutes * MINUTE_MS:
            self.pause_ms += at_ms - max(self.last_speech_ms, self.since_ms or 0)
        self.last_speech_ms = max(at_ms, self.last_speech_ms or 0)

    def expire(self, timer: Timer, now_ms: int) -> None:
        """Advances to `now_ms`: a stream is no longer commercial once its last sign is `lasts_minutes` old."""
        if self.since_ms is not None and not self.declared and now_ms - self.last_sign_ms > _lasts_ms(timer):
            self.since_ms = None

    def undisclosed_ms(self, timer: Timer) -> int:
        """Time with captions since the last disclosure, or since the first sign; 0 if the stream is not commercial."""
        if self.since_ms is None or self.last_speech_ms is None:
            return 0
        heard_ms = (
            self.last_speech_ms if self.declared else min(self.last_speech_ms, self.last_sign_ms + _lasts_ms(timer))
        )
        return max(0, heard_ms - self.since_ms - self.pause_ms)

    def allowed_minutes(self, timer: Timer) -> int | None:
        """How long that may be; None if no further disclosure is required."""
        if self.disclosed_in_title or (self.disclosed_ms is not None and timer.every_minutes is None):
            return None
        return timer.every_minutes if self.disclosed_ms == self.since_ms else timer.first_minutes

    def overdue(self, timer: Timer) -> bool:
        allowed = self.allowed_minutes(timer)
        return allowed is not None and self.undisclosed_ms(timer) >= allowed * MINUTE_MS


def _lasts_ms(timer: Timer) -> int:
    return timer.commercial.lasts_minutes * MINUTE_MS


@dataclass(frozen=True, slots=True)
class PhraseMatcher:
    """A compiled `PhraseSpec`. Immutable."""

    wanted: tuple[Any, ...]
    unless: tuple[Any, ...]

    def match(self, plain: str, beyond: int = 0) -> tuple[int, int] | None:
        """The span of the phrase in a text in normal form and lower case; None if no match ends behind `beyond`."""
        for pattern in self.wanted:
            for match in pattern.finditer(plain):
                if match.end() <= beyond:
                    continue
                start, end = sentence_around(plain, match.start(), match.end())
                if not any(excuse.search(plain[start:end]) for excuse in self.unless):
                    return match.start(), match.end()
        return None

    def matches(self, text: str) -> bool:
        """Whether a text as it came contains the phrase."""
        return self.match(lower(normalise(text))) is not None


@dataclass(frozen=True, slots=True)
class CompiledTimer:
    """A timer with its phrases compiled. Immutable."""

    timer: Timer
    family: str
    jurisdiction: str
    commercial: PhraseMatcher
    disclosure: PhraseMatcher

    def may_apply(self, jurisdiction: str | None, platform: str) -> bool:
        """Whether the timer may apply to a stream, by where it runs."""
        if jurisdiction is not None:
            return jurisdiction == self.jurisdiction
        presumed = self.timer.where_unknown
        return presumed is not None and platform in presumed.platforms

    def applies(self, jurisdiction: str | None, platform: str, language: str | None) -> bool:
        """Whether it applies, by the host's language as well."""
        if not self.may_apply(jurisdiction, platform):
            return False
        presumed = self.timer.where_unknown
        return jurisdiction is not None or presumed is None or not presumed.languages or language in presumed.languages


def language_of(text: str, declared: str | None) -> str | None:
    """The language of a caption as its feed declares it; else Chinese or English by its words, or None."""
    if declared:
        return declared[:2].lower()
    return "zh" if has_han(text) else "en" if _ENGLISH_WORDS.search(text) else None


_ENGLISH_WORDS = re.compile(r"\b(?:the|and|you|your|this|that|with|have|are|just)\b", re.IGNORECASE)
"""What English can hardly do without, and no other language of Latin letters has."""


def load_timers(folder: Path | None = None) -> tuple[CompiledTimer, ...]:
    """The timers of a folder of packs, or those that are shipped. Raises PackError with file and line."""
    folder = folder or PACKS_FOLDER
    shared = read_shared(folder).lists
    return tuple(
        _compiled(timer, pack, PackEntry(path, timer.id, {**shared, **pack.lists}))
        for path, pack in read_packs(folder)
        for timer in pack.timers
    )


def _compiled(timer: Timer, pack: Pack, entry: PackEntry) -> CompiledTimer:
    return CompiledTimer(
        timer,
        pack.family,
        timer.jurisdiction or pack.jurisdiction,
        _listener(timer.commercial, entry),
        _listener(timer.disclosure, entry),
    )


def _listener(said: PhraseSpec, entry: PackEntry) -> PhraseMatcher:
    words = [re.escape(word) for word in entry.words(said.words)]
    return PhraseMatcher(
        (*([compile_pattern("|".join(words))] if words else []), *(entry.pattern(one)[1] for one in said.patterns)),
        tuple(entry.pattern(pattern)[1] for pattern in said.unless),
    )


def matched_phrases(text: str, timers: Iterable[CompiledTimer]) -> Iterator[tuple[CompiledTimer, str, tuple[int, int]]]:
    """The phrases in a text: (timer, "disclosure" or "commercial", span in the text as it came)."""
    plain, mapped = lower(normalise(text)), normalise_mapped(text)
    for timer in timers:
        for what, listener in (("disclosure", timer.disclosure), ("commercial", timer.commercial)):
            span = listener.match(plain)
            if span is not None:
                yield timer, what, mapped.original_span(*span)


def overdue_minutes(timer: CompiledTimer, stream: Stream) -> list[int]:
    """The minutes of an example in which an alert opens."""
    stretch, opened, was_overdue = DisclosureState(), [], False
    rules = timer.timer
    presumed = rules.where_unknown
    platform = stream.platform or (presumed.platforms[0] if presumed else "other")
    jurisdiction = stream.jurisdiction or (None if stream.platform or presumed else timer.jurisdiction)
    language = stream.language or (presumed.languages[0] if presumed and presumed.languages else None)
    stretch.disclosed_in_title = rules.title_suffices and timer.disclosure.matches(stream.title)
    for at_ms, caption in _captions(stream):
        minute, plain = at_ms // MINUTE_MS, lower(normalise(caption))
        stretch.expire(rules, at_ms)
        if minute in stream.shows or timer.commercial.match(plain) is not None:
            stretch.on_sale_sign(at_ms)
        if timer.disclosure.match(plain) is not None:
            stretch.on_disclosure(at_ms)
        stretch.on_speech(rules, at_ms)
        overdue = stretch.overdue(rules) and timer.applies(jurisdiction, platform, language)
        if overdue and not was_overdue:
            opened.append(minute)
        was_overdue = overdue
    return opened


def _captions(stream: Stream) -> Iterator[tuple[int, str]]:
    says: Mapping[int, str] = stream.says
    unheard = range(*stream.silent) if stream.silent else range(0)
    for minute in range(stream.minutes):
        if minute not in unheard:
            yield minute * MINUTE_MS, says.get(minute, "…")
            yield minute * MINUTE_MS + MINUTE_MS // 2, "…"
