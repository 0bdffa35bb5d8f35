"""An engagement worker that is wrong on purpose: it stores effects and offset in two acts, as most consumers do.

Killed between the two, its successor counts a batch again. If the fault tests pass with this one, they test nothing.
"""

import asyncio
import sys
from dataclasses import replace

from redis.asyncio import Redis

from streams.engagement.handler import EngagementHandler
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letter_sink import DeadLetterTopicSink
from streams.ledger.protocol import Effects, Update
from streams.ledger.redis import RedisLedger
from streams.ledger.retry import RetryingLedger
from streams.settings import settings
from streams.topology import ENGAGEMENT
from streams.transport.worker import run_worker

GAP_SECONDS = 0.3


class SplitLedger(RedisLedger):
    """Effects first, the offset a moment later."""

    async def apply(self, update: Update) -> None:
        await super().apply(replace(update, next_offset=update.expected_offset))
        await asyncio.sleep(GAP_SECONDS)
        await super().apply(replace(update, effects=Effects()))


def main() -> int:
    chosen = settings()
    ledger = RetryingLedger(SplitLedger(Redis.from_url(chosen.redis), ENGAGEMENT, chosen.namespace), ENGAGEMENT)
    handler = EngagementHandler(ledger, DeadLetterTopicSink(KafkaConnection(chosen.kafka)), session_ttl_seconds=86_400)
    return run_worker(handler, chosen)


if __name__ == "__main__":
    sys.exit(main())
