import msgspec

from streams.detection.dedup import KEPT_UNSCORED, AppliedOffsets
from streams.events.schema import Coordinates, ScoredText
from streams.topology import LIVE, SOCIAL
from tests.builders.records import text


def fates(origins: AppliedOffsets, *texts: ScoredText) -> list[str]:
    return [origins.classify(one) for one in texts]


def test_text_written_twice_is_applied_once() -> None:
    #  scored.texts   7 8 9 | 8 9 10
    offsets = (7, 8, 9, 8, 9, 10)
    told = fates(AppliedOffsets(), *(text(0, offset) for offset in offsets))
    assert told == ["applied", "applied", "applied", "duplicate", "duplicate", "applied"]


def test_source_partitions_have_marks_of_their_own() -> None:
    others = [text(0, 0, origin=Coordinates(LIVE, 3, 2)), text(0, 0, origin=Coordinates(SOCIAL, 1, 5))]
    assert fates(AppliedOffsets(), text(0, 9), *others) == ["applied"] * 3


def test_scores_that_come_later_amend_once() -> None:
    late = text(0, 4, mood="negative")
    told = fates(AppliedOffsets(), text(0, 4, mood="unscored"), text(0, 5), late, late)
    assert told == ["applied", "applied", "amendment", "duplicate"]


def test_unscored_repeat_is_a_duplicate() -> None:
    unscored = text(0, 4, mood="unscored")
    assert fates(AppliedOffsets(), unscored, unscored) == ["applied", "duplicate"]


def test_marks_survive_storage_and_stay_small() -> None:
    origins = AppliedOffsets()
    fates(origins, *(text(0, offset, mood="unscored") for offset in range(2 * KEPT_UNSCORED)))
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(origins), type=AppliedOffsets)
    assert stored == origins
    assert len(origins.unscored) == KEPT_UNSCORED
    assert fates(stored, text(0, 2 * KEPT_UNSCORED - 1)) == ["amendment"]
    assert fates(stored, text(0, 3)) == ["duplicate"]
