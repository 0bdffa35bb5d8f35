"""Alertmanager's own interface (v2), as far as the relay uses it: silences, and alerts that nobody was told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from streams.errors import Unavailable

USER = "pulsewatch"
SECONDS = 4.0


class Matcher(msgspec.Struct, frozen=True, rename="camel"):
    """A label that has this value."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


class SilenceStatus(msgspec.Struct, frozen=True):
    state: str


class AlertmanagerSilence(
    msgspec.Struct, frozen=True, rename={"starts_at": "startsAt", "ends_at": "endsAt", "created_by": "createdBy"}
):
    """A silence as Alertmanager has it."""

    matchers: list[Matcher]
    starts_at: str
    ends_at: str
    created_by: str
    comment: str
    id: str | None = None
    status: SilenceStatus | None = None


_silences = msgspec.json.Decoder(list[AlertmanagerSilence]).decode


@dataclass(frozen=True)
class AlertmanagerApi:
    """Every call raises Unavailable where Alertmanager does not answer, or refuses."""

    session: aiohttp.ClientSession
    url: str
    password_file: Path | None = None

    async def silences(self) -> list[AlertmanagerSilence]:
        """Those that are in force or will be."""
        found = _silences(await self._ask("GET", "/api/v2/silences"))
        return [one for one in found if one.status is None or one.status.state != "expired"]

    async def silence(self, silence: AlertmanagerSilence) -> None:
        """Make a silence, or change the one with its id."""
        await self._ask("POST", "/api/v2/silences", _without_nothing(silence))

    async def end_silence(self, silence_id: str) -> None:
        await self._ask("DELETE", f"/api/v2/silence/{silence_id}")

    async def alert(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Hand over alerts as Prometheus would."""
        await self._ask("POST", "/api/v2/alerts", list(alerts))

    async def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        try:
            async with self.session.request(
                method,
                self.url.rstrip("/") + path,
                json=body,
                auth=self._auth(),
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                allow_redirects=False,
            ) as response:
                answer = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"Alertmanager does not answer: {type(error).__name__}") from error
        if response.status != 200:
            raise Unavailable(f"Alertmanager refuses {method} {path}: HTTP {response.status}")
        return answer

    def _auth(self) -> aiohttp.BasicAuth | None:
        if self.password_file is None:
            return None
        try:
            return aiohttp.BasicAuth(USER, self.password_file.read_text().strip())
        except OSError as error:
            raise Unavailable(f"{self.password_file} cannot be read: {error.strerror}") from error


def _without_nothing(silence: AlertmanagerSilence) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(silence).items() if value is not None}
