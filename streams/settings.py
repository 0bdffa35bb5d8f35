"""Every setting with its default and its sentence; each is an environment variable PULSEWATCH_… or a line of .env.

`.env.example` and the reference page are generated from here.
"""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from streams.errors import UsageError
from streams.topology import TopicTime

SERVERS = r"^[^\s,]+:\d{1,5}(,\s*[^\s,]+:\d{1,5})*$"
REDIS_URL = r"^(rediss?|unix)://"


class Settings(BaseSettings):
    """The configuration of a process, frozen. A bad value raises ValidationError; `settings()` names it in one line."""

    model_config = SettingsConfigDict(env_prefix="PULSEWATCH_", env_file=".env", extra="ignore", frozen=True)

    kafka: str = Field("127.0.0.1:9092", pattern=SERVERS, description="Bootstrap servers, host:port[,host:port…].")
    redis: str = Field(
        "redis://127.0.0.1:6379/0", pattern=REDIS_URL, description="Redis URL: redis://…, rediss://… or unix://…."
    )
    namespace: str = Field("pw", pattern=r"^[a-z0-9-]{1,16}$", description="First part of every Redis key.")
    partitions: int = Field(4, ge=1, le=1024, description="Partitions of the topics that `topics create` makes.")
    instance: str | None = Field(
        None, description="Name for static group membership: a worker that comes back keeps its partitions."
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
    core: int | None = Field(
        None, ge=0, description="Pins a scoring worker's model to this core; start a worker for each core."
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of a worker's own Prometheus metrics; 0 is none.")
    metrics_host: str = Field("127.0.0.1", description="Address of metrics pages; loopback unless in a container.")
    log_level: str = Field(
        "WARNING", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    lateness_seconds: int = Field(120, ge=0, description="Seconds that detection waits for events out of order.")
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
    feed_silent_minutes: int = Field(
        15, ge=1, description="Minutes without an event after which a regular feed raises an alert."
    )
    shadow_rules: Path | None = Field(
        None, description="A file of alert rules that run in shadow: their alerts are recorded and page nobody."
    )


@lru_cache
def settings() -> Settings:
    """The process's settings, read once; a bad value is a UsageError that names it."""
    try:
        return Settings()
    except SettingsError:
        raise UsageError("PULSEWATCH_MODEL_LABELS: not a JSON object of labels") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = "_".join(str(part) for part in first["loc"])
        # The value itself may hold a password.
        about = Settings.model_fields[field].description
        wrong = "has another form" if first["type"] == "string_pattern_mismatch" else first["msg"]
        raise UsageError(f"PULSEWATCH_{field.upper()}: {wrong}. {about}") from None
