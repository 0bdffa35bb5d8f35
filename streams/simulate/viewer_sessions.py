"""One viewer's stay in a room, and what is done in it: watching, liking, following, giving, buying."""

import random
from dataclasses import dataclass
from typing import Any

from streams.clock import MINUTE_MS
from streams.events.schema import Actor
from streams.simulate.emission import CARTED, CLICKED, INTERACTING, ORDERED, PAID, SHOWN, VIEWING, EventRecorder
from streams.simulate.scenario import Product, Room
from streams.simulate.spans import Span

CARD_MS = 2 * MINUTE_MS
"""How long the host keeps one product's card up."""

Fields = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """One stay of one viewer, [starts, ends)."""

    actor: Actor
    starts_ms: int
    ends_ms: int


class ViewerActions:
    """Plays what viewers do in one session into its recorder."""

    def __init__(
        self,
        room: Room,
        products: tuple[Product, ...],
        session: str,
        span: Span,
        recorder: EventRecorder,
        rng: random.Random,
    ) -> None:
        self._room, self._products, self._session, self._span = room, products, session, span
        self._recorder, self._rng = recorder, rng

    def attend(self, visit: Visit) -> None:
        self._recorder.record("enter", visit.starts_ms, actor=visit.actor, counts={"views": 1}, people=VIEWING)
        self._watch(visit)
        self._shop(visit)
        if self._rng.random() < 0.3:
            self._like(visit)
        if self._rng.random() < 0.03:
            self._follow(visit)
        if self._rng.random() < 0.02:
            self._recorder.record(
                "share", self._moment(visit), actor=visit.actor, counts={"shares": 1}, people=INTERACTING
            )
        if self._rng.random() < 0.04:
            self._give(visit)

    def _moment(self, visit: Visit) -> int:
        return self._rng.randint(visit.starts_ms, visit.ends_ms)

    def _watch(self, visit: Visit) -> None:
        seconds, reported_seconds = (visit.ends_ms - visit.starts_ms) // 1000, 0
        if self._room.watch_heartbeats:
            for minute in range(1, seconds // 60 + 1):
                reported_seconds += 60
                at_ms = visit.starts_ms + minute * MINUTE_MS
                self._recorder.record(
                    "watch", at_ms, actor=visit.actor, value=60, counts={"watch_seconds": 60}, people=VIEWING
                )
        stay = 0 if reported_seconds else seconds
        self._recorder.record(
            "leave",
            visit.ends_ms,
            actor=visit.actor,
            value=stay,
            counts={"leaves": 1, "watch_seconds": stay},
            people=VIEWING,
        )

    def _like(self, visit: Visit) -> None:
        for _ in range(self._rng.randint(1, 4)):
            value = self._rng.randint(1, 12)
            if self._room.platform == "bilibili":
                self._recorder.record(
                    "like", self._moment(visit), value=value, value_mode="aggregate", counts={"likes": value}
                )
            else:
                self._recorder.record(
                    "like",
                    self._moment(visit),
                    actor=visit.actor,
                    value=value,
                    counts={"likes": value},
                    people=INTERACTING,
                )

    def _follow(self, visit: Visit) -> None:
        """Follow; some change their mind, and some of these change it again. Far enough apart to arrive in order."""
        at_ms = self._moment(visit)
        self._recorder.record(
            "follow", at_ms, actor=visit.actor, counts={"follows": 1}, people=INTERACTING, follow="joins"
        )
        if self._rng.random() < 0.2:
            at_ms += self._rng.randint(5_000, 40_000)
            self._recorder.record(
                "unfollow", at_ms, actor=visit.actor, counts={"unfollows": 1}, people=VIEWING, follow="leaves"
            )
            if self._rng.random() < 0.4:
                self._recorder.record(
                    "follow",
                    at_ms + self._rng.randint(5_000, 40_000),
                    actor=visit.actor,
                    counts={"follows": 1},
                    people=INTERACTING,
                    follow="joins",
                )

    def _give(self, visit: Visit) -> None:
        price = self._rng.choice((10, 10, 50, 100, 520, 1_990))
        at_ms = self._moment(visit)
        if self._rng.random() < 0.5:
            self._recorder.record(
                "gift",
                at_ms,
                actor=visit.actor,
                amount=price,
                counts={"gifts": 1, "gift_value": price},
                people=INTERACTING,
            )
        else:
            self._streak(visit.actor, at_ms, price)

    def _streak(self, actor: Actor, at_ms: int, price: int) -> None:
        """A count that grows until it is final, which one streak in six never is."""
        streak = f"{self._session}-g{len(self._recorder.emissions)}"
        growth = [self._rng.randint(1, 5) for _ in range(self._rng.randint(1, 6))]
        total = 0
        for items in growth:
            total += items
            self._recorder.record(
                "gift",
                at_ms,
                actor=actor,
                subject_id=streak,
                value=total,
                amount=price,
                final=False,
                counts={"gifts": items, "gift_value": items * price},
                people=INTERACTING,
                delay_ms=150,
            )
            at_ms += self._rng.randint(400, 1_500)
        if self._rng.random() < 5 / 6:
            self._recorder.record(
                "gift",
                at_ms,
                actor=actor,
                subject_id=streak,
                value=total,
                amount=price,
                people=INTERACTING,
                delay_ms=150,
            )

    def _shop(self, visit: Visit) -> None:
        first = (visit.starts_ms - self._span.from_ms) // CARD_MS
        last = (visit.ends_ms - 1 - self._span.from_ms) // CARD_MS
        for card in range(first, last + 1):
            product = self._products[card % len(self._products)]
            at_ms = max(visit.starts_ms, self._span.from_ms + card * CARD_MS) + self._rng.randint(200, 900)
            self._card(visit.actor, product, at_ms)

    def _card(self, actor: Actor, product: Product, at_ms: int) -> None:
        """Down the funnel, step by step, each later than the one before."""
        rng, recorder = self._rng, self._recorder
        about: Fields = {"product_id": product.product_id}
        recorder.record("product_shown", at_ms, actor=actor, counts={"product_shown": 1}, people=SHOWN, **about)
        if rng.random() >= 0.16:
            return
        at_ms += rng.randint(2_000, 25_000)
        recorder.record("product_click", at_ms, actor=actor, counts={"product_clicks": 1}, people=CLICKED, **about)
        if rng.random() >= 0.4:
            return
        at_ms += rng.randint(3_000, 20_000)
        recorder.record("add_to_cart", at_ms, actor=actor, counts={"carts": 1}, people=CARTED, **about)
        if rng.random() < 0.55:
            self._order(actor, product, at_ms + rng.randint(4_000, 40_000))

    def _order(self, actor: Actor, product: Product, at_ms: int) -> None:
        rng, recorder = self._rng, self._recorder
        items = rng.choice((1, 1, 1, 2, 3))
        amount = items * product.price
        about: Fields = {
            "product_id": product.product_id,
            "subject_id": f"{self._session}-o{len(recorder.emissions)}",
            "value": items,
            "amount": amount,
        }
        recorder.record(
            "order", at_ms, actor=actor, counts={"orders": 1, "order_value": amount}, people=ORDERED, **about
        )
        if rng.random() >= 0.85:
            return
        at_ms += rng.randint(4_000, 60_000)
        recorder.record(
            "payment", at_ms, actor=actor, counts={"payments": 1, "paid_value": amount}, people=PAID, **about
        )
        if rng.random() < 0.07:
            at_ms += rng.randint(60_000, 12 * MINUTE_MS)
            recorder.record(
                "refund", at_ms, actor=actor, counts={"refunds": 1, "refund_value": amount}, people=PAID, **about
            )
