"""What was asked for longest ago is forgotten first."""

from __future__ import annotations

from models.runtime.lru import LruCache


def test_the_least_recently_used_is_forgotten() -> None:
    recent: LruCache[int] = LruCache(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


def test_a_capacity_of_zero_remembers_nothing() -> None:
    recent: LruCache[int] = LruCache(0)
    recent.put("a", 1)
    assert recent.get("a") is None
