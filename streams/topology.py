"""The flow as data: the topics with their settings, what each stage reads and writes, and the ways out to people.

`python -m streams.topology` prints it as a figure, which the README contains.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

SOCIAL = "social.interactions"
LIVE = "live.events"
SCORED = "scored.texts"
ALERTS = "alerts"
DEAD_LETTERS = "dead.letters"

MAX_RECORD_BYTES = 20_000_000
"""Larger than any sane event, so that an insane one reaches a dead letter instead of blocking its feed."""

TopicTime = Literal["broker", "feed"]
"""Whose clock stamps a topic's records. A feed's stamp is a stranger's word, so topics are made with the broker's; only
what is played faster than it happened needs the feed's."""


@dataclass(frozen=True)
class Topic:
    """A topic as `pulsewatch topics create` makes it."""

    name: str
    key: str
    holds: str
    """One record, in words."""
    compacted: bool = False
    max_days: int | None = None
    """Kept for no longer, however long the other topics are."""


TOPICS = (
    Topic(SOCIAL, key="brand_id", holds="a post, comment or reaction about a brand"),
    Topic(LIVE, key="room_id", holds="an event of a live room, its orders included"),
    Topic(SCORED, key="brand_id", holds="a text with its scores and findings"),
    Topic(ALERTS, key="fingerprint", holds="an alert as it is now", compacted=True),
    Topic(DEAD_LETTERS, key="topic:partition:offset", holds="a record that could not be read, and why", max_days=7),
)

StageName = Literal["engagement", "scoring", "detection"]
ENGAGEMENT: StageName = "engagement"
SCORING: StageName = "scoring"
DETECTION: StageName = "detection"


@dataclass(frozen=True)
class Stage:
    """A Faust app with a consumer group of its own: each is scaled by itself."""

    name: StageName
    does: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    keeps: str
    """What it keeps in Redis, beside its offsets."""


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        stage.name: stage
        for stage in (
            Stage(
                ENGAGEMENT, "counts every event",
                reads=(SOCIAL, LIVE), writes=(DEAD_LETTERS,), keeps="engagement counters",
            ),
            Stage(
                SCORING, "judges every text: transformer and rules",
                reads=(SOCIAL, LIVE), writes=(SCORED, DEAD_LETTERS), keeps="texts that wait for a score",
            ),
            Stage(
                DETECTION, "finds crises, breaches, fake traffic",
                reads=(SCORED, LIVE), writes=(ALERTS, DEAD_LETTERS), keeps="detectors, alerts, views",
            ),
        )
    }
)  # fmt: skip
assert tuple(STAGES) == get_args(StageName)

REDIS = "Redis"


@dataclass(frozen=True)
class Outlet:
    """A way out to people; it writes no topic."""

    name: str
    reads: tuple[str, ...]
    leads_to: tuple[str, ...]
    """What follows it, one after the other."""


OUTLETS = (
    Outlet("exporter", reads=(REDIS,), leads_to=("Prometheus", "Alertmanager", "notification", "people")),
    Outlet("console", reads=(REDIS, SCORED, ALERTS, DEAD_LETTERS), leads_to=("people",)),
    Outlet("terminal", reads=(REDIS,), leads_to=("people",)),
)


def figure() -> str:
    """The flow as ASCII art: the feeds, each stage, each outlet. No newline at its end."""
    written = {name for stage in STAGES.values() for name in stage.writes}
    fed = [(topic.name, f"{topic.holds} (key: {topic.key})") for topic in TOPICS if topic.name not in written]
    steps = [_step("feeds", writes=fed)]
    for stage in STAGES.values():
        outputs = [*((name, "") for name in stage.writes), (REDIS, stage.keeps)]
        steps.append(_step(f"{stage.name}   {stage.does}", stage.reads, outputs))
    steps += [_step(" ─► ".join([outlet.name, *outlet.leads_to]), outlet.reads) for outlet in OUTLETS]
    return "\n\n".join("\n".join(lines) for lines in steps)


INPUT_WIDTH = max(len(topic.name) for topic in TOPICS) + 3


def _step(what: str, reads: Sequence[str] = (), writes: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """A step's lines: its inputs joined into an arrow, the step itself, an arrow to each output with a note.

    one.topic ──┐
    two.topic ──┴─► what
                    ├─► three.topic   note
                    └─► four          note
    """
    bends = ["┐", *"┤" * (len(reads) - 2), "┴"] if len(reads) > 1 else ["─"]
    inputs = [f"{name} ".ljust(INPUT_WIDTH, "─") + bend for name, bend in zip(reads, bends, strict=False)]
    yield from inputs[:-1]
    arrow = f"{inputs[-1]}─► " if inputs else ""
    yield arrow + what
    width = max((len(name) for name, _ in writes), default=0)
    for number, (name, note) in enumerate(writes, 1):
        branch = "└" if number == len(writes) else "├"
        yield f"{' ' * len(arrow)}{branch}─► {name:{width}}   {note}".rstrip()


if __name__ == "__main__":
    print(figure())  # noqa: T201 (it is what the command is for)
