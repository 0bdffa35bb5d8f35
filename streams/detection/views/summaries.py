"""What screens show of a brand's and a room's detectors, stored beside the state: no screen reads the state itself."""

from streams.detection.room.fake_traffic import TrafficFigure
from streams.ledger.stored import Stored, StoredCodec


class FeedView(Stored):
    """A source of a brand's posts."""

    last_ms: int
    """When its newest record arrived."""
    records: int
    silent: bool


class FeedTimeView(Stored):
    """What a source's event times are worth."""

    offset_ms: int
    """By which they are corrected: positive where its clock is behind; 0 where it is right or not known yet."""
    needed_ms: int
    """How late nearly all of its texts come."""
    late: int
    """Texts that came later than was waited for."""
    ahead: int = 0
    """Texts that were far ahead of their arrival."""


class BrandView(Stored):
    """One field of `brand_views`."""

    texts_per_minute: float = 0.0
    """The usual volume at the brand's hour of the day."""
    windows: int = 0
    """Five-minute windows that the usual volume rests on; 0 while nothing was learned."""
    feeds: dict[str, FeedView] = {}
    """By the source's name."""
    times: dict[str, FeedTimeView] = {}
    """The same, rooms' sources included."""
    names_hidden_ms: int = 0
    """When the newest text happened whose author the platform hides; 0 while there was none."""


class RoomView(Stored):
    """One field of `room_views`."""

    brand_id: str
    source: str
    ended: bool = False
    fake_shares: dict[TrafficFigure, float] = {}
    """The inauthentic share of the last minutes' enters, likes and comments, where there were enough to tell."""
    platform: str = ""
    """Empty in views from before it was stored."""
    names_hidden: bool = False
    """The platform hides who some of the session's people are: they are told apart by weak marks."""


BRAND_VIEW = StoredCodec(BrandView)
ROOM_VIEW = StoredCodec(RoomView)
