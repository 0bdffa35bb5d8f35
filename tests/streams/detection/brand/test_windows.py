from hypothesis import given
from hypothesis import strategies as st

from streams.detection.baseline.burst import WINDOW_MINUTES
from streams.detection.brand.windows import MAX_SILENT_MINUTES, AbuseCount, Tally, Windows


def windows_of(counts: dict[int, int]) -> Windows:
    windows = Windows(100)
    for minute, texts in counts.items():
        windows.add(minute, Tally(texts=texts, harm=texts))
    return windows


def test_sliding_window_holds_the_five_minutes_up_to_its_last() -> None:
    #      100 101 102 103 104 105 106
    #          [  sliding, 18     ]
    windows = windows_of({100: 50, 101: 1, 102: 2, 104: 5, 105: 10, 106: 70})
    assert windows.ending(105).texts == 18


def test_tumbling_windows_come_once_and_only_when_they_are_over() -> None:
    #      100 … 104 | 105 … 109 | 110
    windows = windows_of({100: 1, 104: 2, 105: 4, 110: 8})
    assert [tally.texts for tally in windows.complete(109)] == [3]
    assert [tally.texts for tally in windows.complete(110)] == [4]
    assert list(windows.complete(110)) == []


@given(st.dictionaries(st.integers(100, 400), st.integers(1, 9)), st.lists(st.integers(100, 420)))
def test_tumbling_windows_are_the_same_however_often_one_asks(counts: dict[int, int], asked: list[int]) -> None:
    # Kept minutes are only dropped when no window needs them any more, so ask in the order of time.
    windows, at_once = windows_of(counts), windows_of(counts)
    given_one_by_one = [tally.texts for minute in [*sorted(asked), 420] for tally in windows.complete(minute)]
    assert given_one_by_one == [tally.texts for tally in at_once.complete(420)]


def test_onset_is_where_the_counts_left_the_usual() -> None:
    #      98: 2, 99: 3, 100: 2 | 101: 9  102: 2  103: 20  104: 30      the lull in 102 belongs to it
    windows = windows_of({98: 2, 99: 3, 100: 2, 101: 9, 102: 2, 103: 20, 104: 30})
    assert windows.onset(104, usual_per_minute=2.0, counted="harm") == 101


def test_onset_is_now_where_nothing_is_above_the_usual() -> None:
    assert windows_of({100: 2, 104: 3}).onset(104, usual_per_minute=2.0, counted="texts") == 104


def test_abuse_is_remembered_for_a_day() -> None:
    windows = Windows(0)
    windows.add(10, Tally(texts=2, scored=2, abuse_hundredths=150))
    windows.add(10 + 23 * 60, Tally(texts=1, scored=1, abuse_hundredths=40))
    windows.add(11 + 23 * 60, Tally(texts=1))
    assert windows.abuse_of_day(59 + 23 * 60) == AbuseCount(scored=3, hundredths=190)
    assert windows.abuse_of_day(24 * 60) == AbuseCount(scored=1, hundredths=40)
    windows.take_back(10 + 23 * 60, Tally(texts=1, scored=1, abuse_hundredths=40))
    assert windows.abuse_of_day(24 * 60) == AbuseCount()
    list(windows.complete(48 * 60))
    assert windows.hours == {}


def test_shares_rest_on_scored_texts_alone() -> None:
    tally = Tally(texts=10, scored=4, negative=1)
    assert tally.share(tally.negative) == 0.25
    assert Tally(texts=3).share(0) == 0.0


def test_years_without_a_text_are_not_given_window_by_window() -> None:
    windows = windows_of({100: 3})
    years_later = 100 + 20 * 365 * 24 * 60 + 3
    windows.skip_silence(years_later)
    given = list(windows.complete(years_later))
    assert 0 <= MAX_SILENT_MINUTES // WINDOW_MINUTES - len(given) <= 1
    assert (windows.next_start - 100) % WINDOW_MINUTES == 0
    assert windows.next_start <= years_later < windows.next_start + WINDOW_MINUTES
