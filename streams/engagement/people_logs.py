"""The logs of people (streams.engagement.hyperloglog) that a partition's owner appends to, and folds when they are
long."""

from collections.abc import Iterable, Mapping

from streams.engagement.hyperloglog import FOLD_BYTES, fold, read
from streams.engagement.scopes import BucketTarget

LOGS_HELD = 200_000
"""Logs whose growth is held in memory; one that was dropped grows by FOLD_BYTES once more before it is folded."""


class PeopleLogs:
    """One partition's."""

    def __init__(self) -> None:
        self._grown: dict[str, int] = {}
        """Bytes appended since the last fold, or since this owner began."""
        self._pending: dict[str, list[bytes]] = {}

    def add(self, targets: Iterable[BucketTarget], log: bytes) -> None:
        """Append entries to the logs of every field of the targets."""
        pending = self._pending
        for _, _, suffixes in targets:
            for suffix in suffixes:
                if suffix in pending:
                    pending[suffix].append(log)
                else:
                    pending[suffix] = [log]

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
