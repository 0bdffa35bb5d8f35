"""A brand's social feeds: posts, replies, reviews, and the running totals that collectors see on them."""

import random
from collections.abc import Sequence
from typing import Literal

from streams.clock import MINUTE_MS
from streams.engagement.dictionary import SumMetric
from streams.events.schema import Kind
from streams.simulate.emission import Emission, EventRecorder, FollowChange, feed_recorder
from streams.simulate.people import Population
from streams.simulate.scenario import Brand, Incident, SocialFeed
from streams.simulate.spans import Span, incident_span, ticks
from streams.simulate.wording import near_copy, patterns, write_text

ATTACKERS = 5
OWN_POSTS = 0.04
"""The share of an ordinary day's posts that the brand writes itself."""

_OCCASIONS: tuple[tuple[Kind, str, int], ...] = (
    ("post", "neutral", 30), ("post", "warm", 18), ("post", "sour", 4), ("reply", "reply", 22),
    ("comment", "reply", 10), ("review", "review", 12), ("repost", "neutral", 4),
)  # fmt: skip
_TOTALS: tuple[tuple[Kind, SumMetric], ...] = (("like", "likes"), ("collect", "collects"))
_GESTURES: tuple[tuple[Kind, SumMetric], ...] = (("like", "likes"), ("share", "shares"), ("follow", "follows"))
_COUNTED: dict[Kind, SumMetric] = {
    "post": "posts", "repost": "posts", "reply": "comments", "comment": "comments", "review": "reviews",
}  # fmt: skip


class FeedPlay:
    """One brand in one feed, over the whole scenario."""

    def __init__(
        self,
        brand: Brand,
        feed: SocialFeed,
        population: Population,
        incidents: Sequence[Incident],
        span: Span,
        seed: int,
    ) -> None:
        self._brand, self._feed, self._population, self._span = brand, feed, population, span
        self._rng = random.Random(f"{seed}:{brand.brand_id}:{feed.source}")
        self._incidents = [(incident, incident_span(incident, span.from_ms)) for incident in incidents]
        self._recorder: EventRecorder = feed_recorder(self._rng, brand, feed)

    def play(self) -> list[Emission]:
        for at_ms in filter(self._alive, ticks(self._rng, self._feed.texts_per_minute, self._span)):
            self._ordinary(at_ms)
        for incident, span in self._incidents:
            if incident.kind in ("crisis", "praise"):
                self._outcry(incident, span)
            elif incident.kind == "coordinated":
                self._attack(incident, span)
        for at_ms in filter(self._alive, ticks(self._rng, self._feed.texts_per_minute / 3, self._span)):
            self._gesture(at_ms)
        return self._recorder.emissions

    def _alive(self, at_ms: int) -> bool:
        """Whether the collector receives anything at this moment."""
        silences = (s for i, s in self._incidents if i.kind == "silent_feed" and i.source == self._feed.source)
        return self._span.covers(at_ms) and not any(silence.covers(at_ms) for silence in silences)

    def _ordinary(self, at_ms: int) -> None:
        if self._rng.random() < OWN_POSTS:
            self._announce(at_ms)
            return
        kind, category, _ = self._rng.choices(_OCCASIONS, [weight for *_, weight in _OCCASIONS])[0]
        written = self._write(kind, at_ms, write_text(self._rng, "social", category, self._feed.language, self._brand))
        if kind == "post" and self._rng.random() < 0.4:
            self._totals(written)

    def _announce(self, at_ms: int) -> None:
        """The brand's own post, with a shopping link: advertising rules apply, and it follows them."""
        text = write_text(self._rng, "social", "official", self._feed.language, self._brand, plain=True)
        self._recorder.record(
            "post",
            at_ms,
            actor=self._population.official(self._brand.brand_id),
            text=text,
            lang=self._feed.language,
            commercial=True,
            counts={"posts": 1},
            people=("interacting",),
        )

    def _outcry(self, incident: Incident, span: Span) -> None:
        """Four fifths of a crisis, or of praise, by many people, swelling over its first minute."""
        genre: Literal["crisis", "praise"] = "crisis" if incident.kind == "crisis" else "praise"
        category = self._brand.goods if incident.kind == "crisis" else "praise"
        per_minute = incident.texts_per_minute * 0.8 / len(self._brand.feeds)
        for at_ms in ticks(self._rng, per_minute, span):
            if at_ms - span.from_ms < self._rng.random() * MINUTE_MS:
                continue
            kind: Kind = self._rng.choices(("post", "reply", "review", "repost"), (50, 25, 15, 10))[0]
            self._write(kind, at_ms, write_text(self._rng, genre, category, self._feed.language, self._brand))

    def _attack(self, incident: Incident, span: Span) -> None:
        """The same few accounts with the same few texts."""
        accounts = self._population.bot_accounts(ATTACKERS)
        count = len(patterns("attack")[self._feed.language]["attack"])
        scripts = [
            write_text(self._rng, "attack", "attack", self._feed.language, self._brand, plain=True)
            for _ in range(count)
        ]
        for at_ms in ticks(self._rng, incident.texts_per_minute / len(self._brand.feeds), span):
            kind: Kind = self._rng.choices(("post", "reply"), (60, 40))[0]
            text = near_copy(self._rng, self._rng.choice(scripts))
            self._recorder.record(
                kind,
                at_ms,
                actor=self._rng.choice(accounts),
                text=text,
                lang=self._feed.language,
                counts={_COUNTED[kind]: 1},
                people=("interacting",),
            )

    def _write(self, kind: Kind, at_ms: int, text: str) -> Emission:
        return self._recorder.record(
            kind,
            at_ms,
            actor=self._population.anyone(),
            text=text,
            lang=self._feed.language,
            counts={_COUNTED[kind]: 1},
            people=("interacting",),
            product_id=self._rng.choice(self._brand.products).product_id if kind == "review" else None,
        )

    def _totals(self, post: Emission) -> None:
        """Running totals of a post as a collector polls them: the first is a baseline, an old one may come again."""
        for kind, counted in _TOTALS:
            self._poll(post.event.event_id, post.event.event_time_ms, kind, counted)

    def _poll(self, post_id: str, at_ms: int, kind: Kind, counted: SumMetric) -> None:
        last_total: int | None = None
        for _ in range(self._rng.randint(1, 4)):
            at_ms += self._rng.randint(40_000, 150_000)
            growth = self._rng.randint(0, 60)
            if self._alive(at_ms):
                total = growth if last_total is None else last_total + growth
                self._snapshot(post_id, at_ms, kind, total, {} if last_total is None else {counted: growth})
                last_total = total
        if last_total is not None and self._rng.random() < 0.2 and self._alive(at_ms + 5_000):
            self._snapshot(post_id, at_ms + 5_000, kind, max(0, last_total - 5), {})

    def _snapshot(self, post_id: str, at_ms: int, kind: Kind, total: int, counts: dict[SumMetric, int]) -> None:
        self._recorder.record(
            kind, at_ms, subject_id=post_id, value=total, value_mode="snapshot", counts=counts, delay_ms=200
        )

    def _gesture(self, at_ms: int) -> None:
        """A like, a share or a follow by a person, as feeds with deltas report them."""
        kind, counted = self._rng.choice(_GESTURES)
        follow: FollowChange | None = "joins" if kind == "follow" else None
        self._recorder.record(
            kind, at_ms, actor=self._population.anyone(), counts={counted: 1}, people=("interacting",), follow=follow
        )
