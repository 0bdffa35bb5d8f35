"""The logs of people that a partition's owner writes: appended to, and folded when they have grown long."""

from collections.abc import Iterable, Mapping, Sequence

from streams.engagement.people import FOLD_BYTES, fold, read
from streams.engagement.places import Target

LOGS_HELD = 200_000
"""Lengths that are remembered; a log whose length was forgotten grows by FOLD_BYTES once more before it is folded."""


class Crowds:
    """One partition's."""

    def __init__(self) -> None:
        self._grown: dict[str, int] = {}
        """Bytes appended since the last fold, or since this owner first wrote to the log."""
        self._pending: dict[str, list[bytes]] = {}

    def add(self, targets: Iterable[Target], log: bytes) -> None:
        """These people belong to every field of the targets."""
        pending = self._pending
        for _, _, suffixes in targets:
            for suffix in suffixes:
                if suffix in pending:
                    pending[suffix].append(log)
                else:
                    pending[suffix] = [log]

    def grown_long(self) -> list[str]:
        """The logs that are to be loaded, since what is pending makes them too long."""
        grown = self._grown
        return [
            suffix for suffix, logs in self._pending.items() if grown.get(suffix, 0) + sum(map(len, logs)) > FOLD_BYTES
        ]

    def take(self, loaded: Mapping[str, bytes | None]) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """What is to be set whole, given the loaded logs, and what is to be appended."""
        folded = {suffix: fold(read(_logs(log, self._pending.pop(suffix)))) for suffix, log in loaded.items()}
        appended = {suffix: b"".join(logs) for suffix, logs in self._pending.items()}
        self._pending = {}
        if len(self._grown) > LOGS_HELD:
            self._grown = {}
        grown = self._grown
        for suffix, log in appended.items():
            grown[suffix] = grown.get(suffix, 0) + len(log)
        grown.update(dict.fromkeys(folded, 0))
        return folded, appended


def _logs(stored: bytes | None, pending: Sequence[bytes]) -> list[bytes]:
    return list(pending) if stored is None else [stored, *pending]
