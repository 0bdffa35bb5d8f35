"""How clients prove to Kafka who they are, and Kafka to them: TLS and SASL, as aiokafka and kafka-python want them."""

import asyncio
import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from aiokafka.abc import AbstractTokenProvider

from streams.errors import UsageError
from streams.settings import Settings

TOKEN_SECONDS = 10.0
"""How long a token endpoint may take."""
TOKEN_RENEWAL = 0.8
"""Part of a token's life after which the next is fetched."""
TOKEN_LIFE_SECONDS = 300.0
"""A token's life where the endpoint does not say."""


@dataclass(frozen=True)
class KafkaSecurity:
    """The security settings of Kafka's clients. Without any: plain text, nobody asks who calls."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str | None = field(default=None, repr=False)
    token_url: str | None = None
    token_scope: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """From the settings. Raises UsageError where they contradict each other."""
        secret = settings.kafka_password
        key_secret = settings.kafka_key_password
        security = cls(
            protocol=settings.kafka_security,
            mechanism=settings.kafka_sasl,
            user=settings.kafka_user or "",
            password=secret.get_secret_value() if secret else "",
            ca=settings.kafka_ca,
            certificate=settings.kafka_certificate,
            key=settings.kafka_key,
            key_password=key_secret.get_secret_value() if key_secret else None,
            token_url=settings.kafka_token_url,
            token_scope=settings.kafka_token_scope,
        )
        security.check()
        return security

    @property
    def encrypts(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def authenticates(self) -> bool:
        return self.protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """What TLS connections are made with; None without TLS. Raises UsageError for files that cannot be used."""
        if not self.encrypts:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"PULSEWATCH_KAFKA_CA: {self.ca} holds no certificates: {_reason(error)}") from None
        if self.certificate:
            try:
                context.load_cert_chain(self.certificate, self.key, self.key_password)
            except (OSError, ssl.SSLError) as error:
                raise UsageError(
                    f"PULSEWATCH_KAFKA_CERTIFICATE: {self.certificate} and its key cannot be used: {_reason(error)}"
                ) from None
        return context

    @cached_property
    def tokens(self) -> "AccessTokens":
        """The tokens for OAUTHBEARER; one cache for all clients of a connection."""
        return AccessTokens(self.token_url or "", self.user, self.password, self.token_scope)

    def async_arguments(self) -> dict[str, Any]:
        """aiokafka's."""
        return self._arguments(_AsyncTokens(self.tokens) if self._needs_tokens else None)

    def sync_arguments(self) -> dict[str, Any]:
        """kafka-python's. Its token providers must be of its own class, which takes long to import."""
        if not self._needs_tokens:
            return self._arguments(None)
        from kafka.net.sasl.oauth import AbstractTokenProvider as SyncTokenProvider

        tokens = self.tokens

        class Provider(SyncTokenProvider):  # type: ignore[misc] # kafka-python is untyped
            def token(self) -> str:
                return tokens.token()

        return self._arguments(Provider())

    @property
    def _needs_tokens(self) -> bool:
        return self.authenticates and self.mechanism == "OAUTHBEARER"

    def _arguments(self, token_provider: Any) -> dict[str, Any]:
        if self.protocol == "PLAINTEXT":
            return {}
        arguments: dict[str, Any] = {"security_protocol": self.protocol}
        if self.encrypts:
            arguments["ssl_context"] = self.tls
        if self.authenticates:
            arguments["sasl_mechanism"] = self.mechanism
            if token_provider is not None:
                arguments["sasl_oauth_token_provider"] = token_provider
            else:
                arguments |= {"sasl_plain_username": self.user, "sasl_plain_password": self.password}
        return arguments

    def check(self) -> None:
        """Raises UsageError where the settings contradict each other."""
        given = {"CA": self.ca, "CERTIFICATE": self.certificate, "KEY": self.key}
        for name, value in given.items():
            if value is not None and not self.encrypts:
                raise UsageError(
                    f"PULSEWATCH_KAFKA_{name} is set, but PULSEWATCH_KAFKA_SECURITY is {self.protocol}: "
                    "set it to SSL or SASL_SSL"
                )
        if (self.user or self.password) and not self.authenticates:
            raise UsageError(
                "PULSEWATCH_KAFKA_USER or _PASSWORD is set, but PULSEWATCH_KAFKA_SECURITY is "
                f"{self.protocol}: set it to SASL_SSL or SASL_PLAINTEXT"
            )
        if self.authenticates and not (self.user and self.password):
            raise UsageError(
                f"PULSEWATCH_KAFKA_SECURITY is {self.protocol}: set PULSEWATCH_KAFKA_USER and PULSEWATCH_KAFKA_PASSWORD"
            )
        if self._needs_tokens and not self.token_url:
            raise UsageError("PULSEWATCH_KAFKA_SASL is OAUTHBEARER: set PULSEWATCH_KAFKA_TOKEN_URL")


class AccessTokens:
    """Access tokens by the client credentials grant (RFC 6749, 4.4), kept until four fifths of their life. Any thread
    may ask."""

    def __init__(self, url: str, client_id: str, client_secret: str, scope: str | None) -> None:
        self._url = url
        self._authorization = base64.b64encode(
            f"{urllib.parse.quote(client_id, safe='')}:{urllib.parse.quote(client_secret, safe='')}".encode()
        ).decode()
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def token(self) -> str:
        """A token that is good now. Raises UsageError where the endpoint refuses, OSError where it does not answer."""
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._token, life_seconds = self._fetch()
                self._good_until = time.monotonic() + life_seconds * TOKEN_RENEWAL
            return self._token

    def _fetch(self) -> tuple[str, float]:
        request = urllib.request.Request(  # noqa: S310 - the settings allow http(s) alone
            self._url,
            data=urllib.parse.urlencode(self._form).encode(),
            headers={"Authorization": f"Basic {self._authorization}", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TOKEN_SECONDS) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500:
                raise UsageError(
                    f"PULSEWATCH_KAFKA_TOKEN_URL: the endpoint refuses these credentials (HTTP {error.code})"
                ) from None
            raise
        except ValueError:
            raise UsageError("PULSEWATCH_KAFKA_TOKEN_URL: the endpoint's answer is no JSON") from None
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise UsageError("PULSEWATCH_KAFKA_TOKEN_URL: the endpoint's answer has no access_token")
        try:
            life_seconds = float(answer.get("expires_in", TOKEN_LIFE_SECONDS))
        except (TypeError, ValueError):
            life_seconds = TOKEN_LIFE_SECONDS
        return token, life_seconds


class _AsyncTokens(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is untyped
    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    async def token(self) -> str:
        return await asyncio.to_thread(self._tokens.token)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
