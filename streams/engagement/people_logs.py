"""The long logs of people (streams.engagement.hyperloglog): a partition's owner appends to them, and folds them when
they have grown.

The people of a bucket lie within its totals while they are few (streams.engagement.buckets), so that a room costs no
write of its own for them. A log that becomes too long for that leaves the totals for the key of its own, and the next
begins in the totals again: the bucket's people are the union of both.
"""

from collections.abc import Mapping

from streams.engagement.hyperloglog import FOLD_BYTES, fold, read

LOGS_HELD = 200_000
"""Logs whose growth is held in memory; one that was dropped grows by FOLD_BYTES once more before it is folded."""


class PeopleLogs:
    """One partition's."""

    def __init__(self) -> None:
        self._grown: dict[str, int] = {}
        """Bytes appended since the last fold, or since this owner began."""
        self._pending: dict[str, list[bytes]] = {}

    def append(self, suffix: str, log: bytes) -> None:
        """Append entries to a log."""
        self._pending.setdefault(suffix, []).append(log)

    def pop_pending(self) -> tuple[dict[str, bytes], list[str]]:
        """What to append since the last call, by suffix, and the suffixes of logs that it makes too long."""
        pending, self._pending = self._pending, {}
        if len(self._grown) > LOGS_HELD:
            self._grown = {}
        grown, appended, long = self._grown, dict[str, bytes](), list[str]()
        for suffix, logs in pending.items():
            log = appended[suffix] = b"".join(logs)
            grown[suffix] = size = grown.get(suffix, 0) + len(log)
            if size > FOLD_BYTES:
                long.append(suffix)
        return appended, long

    def fold(self, stored: Mapping[str, bytes | None], appended: dict[str, bytes]) -> dict[str, bytes]:
        """What to set these logs to, by suffix; takes what was to be appended to them out of `appended`."""
        self._grown.update(dict.fromkeys(stored, 0))
        return {suffix: fold(read([log or b"", appended.pop(suffix)])) for suffix, log in stored.items()}
