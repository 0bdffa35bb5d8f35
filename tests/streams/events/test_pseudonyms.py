"""Pseudonyms."""

from streams.events.pseudonyms import Pseudonyms


def test_pseudonym_is_stable_and_fits_an_id() -> None:
    pseudonym = Pseudonyms(b"key").pseudonym("douyin", "用户12345")
    assert pseudonym == Pseudonyms(b"key").pseudonym("douyin", "用户12345")
    assert len(pseudonym) == 24
    assert "12345" not in pseudonym


def test_pseudonym_depends_on_key_platform_and_id() -> None:
    made = {
        Pseudonyms(key).pseudonym(platform, user)
        for key in (b"a", b"b")
        for platform in ("x", "xy")
        for user in ("1", "y1")
    }
    assert len(made) == 8


def test_lone_surrogate_has_a_pseudonym() -> None:
    assert Pseudonyms(b"key").pseudonym("douyin", "\ud800")
