"""Every setting with its default and its sentence; each is an environment variable PULSEWATCH_… or a line of .env.

A secret may stand in a file of its own: PULSEWATCH_KAFKA_PASSWORD_FILE names it, and so for every secret.
`.env.example` and the reference page are generated from here.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from streams.errors import UsageError
from streams.redis_address import parse_address
from streams.topology import TopicTime

SERVERS = r"^[^\s,]+:\d{1,5}(,\s*[^\s,]+:\d{1,5})*$"
ENDPOINT = r"^(https://|http://(127\.0\.0\.1|localhost)[:/])"
_FIELD = re.compile(r'field "(\w+)"')


class Settings(BaseSettings):
    """The configuration of a process, frozen. A bad value raises ValidationError; `settings()` names it in one line."""

    model_config = SettingsConfigDict(env_prefix="PULSEWATCH_", env_file=".env", extra="ignore", frozen=True)

    kafka: str = Field("127.0.0.1:9092", pattern=SERVERS, description="Bootstrap servers, host:port[,host:port…].")
    kafka_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="Begins the name of every topic and consumer group at the broker, such as `team-a.`: several"
        " stacks, each with a Redis namespace of its own, share a Kafka. Empty: the bare names.",
    )
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How Kafka is reached: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    kafka_sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER."
    )
    kafka_user: str | None = Field(None, description="SASL user; for OAUTHBEARER the client id.")
    kafka_password: SecretStr | None = Field(None, description="SASL password; for OAUTHBEARER the client secret.")
    kafka_ca: Path | None = Field(
        None, description="Certificates (PEM) of who signs the brokers' own; without it, those that the system trusts."
    )
    kafka_certificate: Path | None = Field(None, description="The client's own certificate chain (PEM), for TLS.")
    kafka_key: Path | None = Field(None, description="That certificate's key (PEM), where it is a file of its own.")
    kafka_key_password: SecretStr | None = Field(None, description="Password of that key.")
    kafka_token_url: str | None = Field(
        None,
        pattern=ENDPOINT,
        description="For OAUTHBEARER: the endpoint that gives tokens for client credentials (https; on loopback http).",
    )
    kafka_token_scope: str | None = Field(None, description="For OAUTHBEARER: the scope to ask for.")
    redis: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis URL: redis://[user:password@]host:port/database, unix://path, "
        "redis+sentinel://host,host/service or redis+cluster://host,host; rediss… with TLS.",
    )
    redis_password: SecretStr | None = Field(
        None, description="Redis password, any characters, instead of one in the URL."
    )
    redis_sentinel_password: SecretStr | None = Field(None, description="Password of the sentinels themselves.")
    redis_ca: Path | None = Field(
        None, description="Certificates (PEM) of who signs Redis's own; without it, those that the system trusts."
    )
    redis_certificate: Path | None = Field(None, description="The client's own certificate chain (PEM), for Redis.")
    redis_key: Path | None = Field(None, description="That certificate's key (PEM), where it is a file of its own.")
    namespace: str = Field("pw", pattern=r"^[a-z0-9-]{1,16}$", description="First part of every Redis key.")
    partitions: int = Field(4, ge=1, le=1024, description="Partitions of the topics that `topics create` makes.")
    instance: str | None = Field(
        None,
        description="Name for static group membership, each worker's own: one that comes back keeps its partitions.",
    )
    pseudonym_key: SecretStr = Field(
        SecretStr("pulsewatch-demo"),
        description="Key of the pseudonyms. Set your own before the first event: with another key all people are new.",
    )
    model: str | None = Field(
        None, description="Instead of the bundled model: a folder, or a hub id of a `transformers` sequence classifier."
    )
    model_labels: dict[str, str] | None = Field(
        None, description='What that classifier\'s labels mean, as JSON: its label to ours, or to "" for none.'
    )
    operating_point: str = Field(
        "balanced",
        description="When a risk is flagged: precise, balanced or sensitive, then for single risks with a comma each, "
        "RISK and point joined by an equals sign.",
    )
    thresholds: Path | None = Field(
        None, description="Thresholds of your own, written by `pulsewatch model calibrate`; they go before the point."
    )
    correction: Path | None = Field(
        None, description="What marked texts taught, written by `pulsewatch model learn`; for the bundled model's form."
    )
    jurisdiction: str | None = Field(
        None,
        pattern=r"^[A-Z]{2}$",
        description="Whose law holds where a feed names none: `CN`, `US`. Without it, market and language tell.",
    )
    core: int | None = Field(
        None, ge=0, description="Pins a scoring worker's model to this core; start a worker for each core."
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of a worker's own Prometheus metrics; 0 is none.")
    metrics_host: str = Field("127.0.0.1", description="Address of metrics pages; loopback unless in a container.")
    stuck_seconds: int = Field(
        180,
        ge=1,
        description="Seconds after which a worker ends whose stored offset stands still, with records to store and no"
        " server known to be away: a supervisor starts it anew.",
    )
    log_level: str = Field(
        "WARNING", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    lateness_seconds: int = Field(
        120,
        ge=0,
        description="Seconds that detection waits for events out of order; longer where feeds prove to be later.",
    )
    max_lateness_minutes: int = Field(
        60,
        ge=1,
        le=120,
        description="But never longer than so many minutes; later texts count in what was learnt alone.",
    )
    zone: str = Field(
        "UTC",
        description="Time zone that brands live by, as IANA names it (Asia/Shanghai): what is usual goes by its hours.",
    )
    brand_zones: dict[str, str] | None = Field(
        None,
        description='Brands that live by another, as JSON: {"acme": "America/New_York"}; it goes before the catalogue.',
    )
    brands: Path | None = Field(
        None,
        description="The catalogue, a brands.yaml: whose time zone, law, currency and name a brand has, who its rivals"
        " are, and for `ingest` and `feeds` by which words a text is about it. A changed file is taken within seconds.",
    )
    topic_time: TopicTime = Field(
        "broker",
        description="Whose clock stamps the records of topics that are made: `broker`, or `feed` for simulations that"
        " are played faster than they happened.",
    )
    retention_days: int = Field(14, ge=1, description="Days that the topics keep records; dead letters a week at most.")
    session_ttl_days: int = Field(14, ge=1, description="Days that a session's counters stay after its last event.")
    top_rooms: int = Field(200, ge=1, description="Rooms with series of their own in Prometheus; the rest are `other`.")
    top_brands: int = Field(
        200, ge=1, description="Brands with series of their own in Prometheus; the rest are `other`."
    )
    top_alerts: int = Field(
        200, ge=1, description="Firing alerts with series of their own in Prometheus; the rest are `other`."
    )
    console_url: str = Field(
        "http://127.0.0.1:9107", description="Where people open the console: messages and dashboards link there."
    )
    runbooks_url: str = Field(
        "",
        description="Where people read dashboards/runbooks, such as a Git host's folder; messages link there if set.",
    )
    alertmanager: str = Field(
        "http://127.0.0.1:9093",
        pattern=r"^https?://",
        description="Alertmanager's address: the relay silences acknowledged alerts there.",
    )
    alertmanager_password_file: Path | None = Field(
        None, description="A file with the password of Alertmanager's user `pulsewatch`."
    )
    relay_token_file: Path | None = Field(
        None, description="A file with the token without which the relay takes no notification."
    )
    feed_silent_minutes: int = Field(
        15, ge=1, description="Minutes without an event after which a regular feed raises an alert."
    )
    unread_bytes: int = Field(
        1_000_000,
        ge=0,
        le=16_000_000,
        description="Bytes of messages that could not be read, which Redis keeps raw of each feed for a week at most;"
        " 0 keeps none.",
    )
    shadow_rules: Path | None = Field(
        None, description="A file of alert rules that run in shadow: their alerts are recorded and page nobody."
    )

    @field_validator("redis")
    @classmethod
    def _redis_can_be_read(cls, value: str) -> str:
        parse_address(value)
        return value

    @field_validator("zone", "brand_zones")
    @classmethod
    def _zones_are_known(cls, value: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for zone in [value] if isinstance(value, str) else (value or {}).values():
            try:
                ZoneInfo(zone)
            except (KeyError, ValueError, OSError):
                raise ValueError("no such time zone") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then .env, then files that either names; called by pydantic."""
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls), file_secret_settings


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets from files: PULSEWATCH_X_FILE holds the path, the file's text without its last line end is the secret."""

    def __call__(self) -> dict[str, Any]:
        """Called by pydantic. Raises UsageError for a file that cannot be read."""
        prefix = str(self.config["env_prefix"])
        variables = {**dotenv_values(self.config["env_file"]), **os.environ}  # type: ignore[arg-type] # a path or None
        named = {name: variables.get(f"{prefix}{name}_file".upper()) for name in secret_names()}
        return {name: self._secret(f"{prefix}{name}_file".upper(), path) for name, path in named.items() if path}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """Part of pydantic's interface; `__call__` does without."""
        return None, field_name, False

    @staticmethod
    def _secret(variable: str, path: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{variable}: {path} cannot be read: {error}") from None


def secret_names() -> list[str]:
    """The settings that may stand in files."""
    return [name for name, field in Settings.model_fields.items() if SecretStr in _types(field.annotation)]


def _types(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) or (annotation,)


@lru_cache
def settings() -> Settings:
    """The process's settings, read once; a bad value is a UsageError that names it."""
    try:
        return Settings()
    except SettingsError as error:
        named = _FIELD.search(str(error))
        field = named.group(1).upper() if named else "MODEL_LABELS"
        raise UsageError(f"PULSEWATCH_{field}: not a JSON object") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        # The value itself may hold a password.
        about = Settings.model_fields[field].description
        wrong = (
            "has another form"
            if first["type"] == "string_pattern_mismatch"
            else first["msg"].removeprefix("Value error, ")
        )
        raise UsageError(f"PULSEWATCH_{field.upper()}: {wrong}. {about}") from None
