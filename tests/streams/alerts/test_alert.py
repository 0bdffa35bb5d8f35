from streams.alerts.alert import fingerprint


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
