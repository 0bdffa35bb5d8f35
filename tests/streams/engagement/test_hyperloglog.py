"""HyperLogLog logs: estimates, unions, folding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engagement.hyperloglog import BLOCK_BYTES, REGISTERS, entries, estimate, fold, hashes, read, union_estimate

IDS = st.lists(st.text(min_size=1, max_size=20), max_size=50)


def log_of(ids: list[str], group: int = 0) -> bytes:
    return entries(hashes(ids), np.full(len(ids), group)).tobytes()


def people(count: int, start: int = 0) -> list[str]:
    return [f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(start, start + count)]


@pytest.mark.parametrize("count", [0, 1, 2, 10, 100, 1_000, 10_000, 100_000, 400_000])
def test_estimate_is_within_three_standard_errors(count: int) -> None:
    assert union_estimate(read([log_of(people(count))]), [0]) == pytest.approx(count, rel=3 * 0.0081, abs=1)


@pytest.mark.parametrize("template", ["user-{}", "{:024x}", "用户{}", "{}", "a{}b\0c"])
def test_estimate_holds_for_ids_of_any_shape(template: str) -> None:
    ids = [template.format(number) for number in range(20_000)]
    assert union_estimate(read([log_of(ids)]), [0]) == pytest.approx(20_000, rel=3 * 0.0081)


def test_everybody_is_counted_once_however_often_they_come() -> None:
    ids = people(500)
    assert union_estimate(read([log_of(ids), log_of(ids[::-1]), log_of(ids[:100])]), [0]) == union_estimate(
        read([log_of(ids)]), [0]
    )


def test_groups_are_apart_and_unite() -> None:
    registers = read([log_of(people(300), 1), log_of(people(300, start=200), 12)])
    assert union_estimate(registers, [1]) == pytest.approx(300, abs=5)
    assert union_estimate(registers, [1, 12]) == pytest.approx(500, abs=8)
    assert union_estimate(registers, [3]) == 0


@pytest.mark.parametrize("count", [10, 3_000, 60_000])
def test_folded_log_says_the_same_and_takes_appends(count: int) -> None:
    log, more = log_of(people(count), 2) + log_of(people(40), 5), log_of(people(1_000, start=count), 2)
    folded = fold(read([log]))
    assert len(folded) <= min(len(log), BLOCK_BYTES + 160)
    for group in (2, 5):
        assert union_estimate(read([folded + more]), [group]) == union_estimate(read([log, more]), [group])


@settings(deadline=None)
@given(IDS)
def test_hash_of_an_id_does_not_depend_on_its_company(ids: list[str]) -> None:
    together = hashes(ids).tolist()
    assert together == [hashes([one]).tolist()[0] for one in ids]


@settings(deadline=None)
@given(IDS, IDS)
def test_reading_logs_together_is_reading_their_concatenation(first: list[str], second: list[str]) -> None:
    apart, together = read([log_of(first), log_of(second, 1)]), read([log_of(first) + log_of(second, 1)])
    assert apart.keys() == together.keys()
    assert all((apart[group] == together[group]).all() for group in apart)


def test_hashes_of_similar_ids_use_all_registers_evenly() -> None:
    used = np.bincount(
        (hashes([f"u{number}" for number in range(160_000)]) & np.uint64(REGISTERS - 1)).astype(np.int64)
    )
    assert used.min() > 0
    assert used.std() == pytest.approx((160_000 / REGISTERS) ** 0.5, rel=0.1)


def test_hash_is_what_it_was_when_the_first_log_was_written() -> None:
    assert hashes(["person", "人"]).tolist() == [10081648736729703625, 18370855340375363411]


def test_torn_entry_at_the_end_is_ignored() -> None:
    log = log_of(people(100))
    assert estimate(read([log + b"\x01\x02"])[0]) == estimate(read([log])[0])
