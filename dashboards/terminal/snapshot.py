"""What the screen shows at one moment: figures and names only, gathered before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streams.alerts.alert import Alert


@dataclass(frozen=True)
class RoomLine:
    """A live room; counters are those of its last five minutes, money in minor units."""

    room_id: str
    viewers_now: int | None
    comments: int = 0
    likes: int = 0
    gifts: int = 0
    orders: int = 0
    paid_value: int = 0
    fake_share: float | None = None
    """The largest share of a figure that no people made; None where too little is known."""


@dataclass(frozen=True)
class BrandLine:
    """A brand's scored texts of the last hour."""

    brand_id: str
    texts: int = 0
    sentiments: Mapping[str, int] = field(default_factory=dict)
    risks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LagLine:
    """Records of a topic that a stage has not stored the effects of yet."""

    stage: str
    topic: str
    records: int


@dataclass(frozen=True)
class TerminalSnapshot:
    """One moment of the whole."""

    taken_at_ms: int
    rooms: Sequence[RoomLine] = ()
    brands: Sequence[BrandLine] = ()
    alerts: Sequence[Alert] = ()
    """Firing ones and those that resolved lately, the newest first."""
    lags: Sequence[LagLine] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    progress: str = ""
    """What the demo is doing, in a few words."""
    trouble: str = ""
    """Why figures are missing, such as a server that does not answer."""
