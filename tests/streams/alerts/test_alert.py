import msgspec

from streams.alerts.alert import Alert, Evidence, essentials, fingerprint
from streams.events.schema import Coordinates
from tests.builders.alerts import an_alert


def test_fingerprint_names_the_episode_and_nothing_else() -> None:
    one = fingerprint("crisis", "acme", None, None, 1_000)
    assert one == fingerprint("crisis", "acme", None, None, 1_000)
    assert len(one) == 16
    others = {
        fingerprint("surge", "acme", None, None, 1_000),
        fingerprint("crisis", "other", None, None, 1_000),
        fingerprint("crisis", "acme", "r1", None, 1_000),
        fingerprint("crisis", "acme", None, "r1", 1_000),
        fingerprint("crisis", "acme", None, None, 1_001),
    }
    assert len(others | {one}) == 6


def test_essentials_of_an_alert_keep_who_it_is_and_leave_what_grows() -> None:
    evidence = [Evidence(Coordinates("live.events", 0, at), 1_000, "x" * 280) for at in range(5_000)]
    grown = msgspec.structs.replace(
        an_alert(), evidence=evidence, summary="s" * 500_000, explanation="e" * 500_000, spreaders={"p": 1}
    )
    cut = msgspec.json.decode(essentials(msgspec.json.encode(grown)), type=Alert)
    assert len(msgspec.json.encode(cut)) < 5_000
    assert cut == msgspec.structs.replace(
        grown, evidence=[], spreaders={}, summary="s" * 1_000, explanation="e" * 1_000
    )
