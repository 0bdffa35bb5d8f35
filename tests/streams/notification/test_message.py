"""What a person is told, before any format."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from streams.notification.alertmanager import read_time
from streams.notification.message import Links, Message, compose
from streams.notification.sentences import KnownAlert, Reader
from streams.notification.words import Language, words
from tests.builders.episodes import MINUTE_MS, NOW_MS, ONSET_MS, breach, crisis, known, of_room, said
from tests.builders.notifications import notice, notification
from tests.oracle.shipped_rules import alerts

NOWHERE = Links()
ENGLISH = Reader(now_ms=NOW_MS)
CHINESE = Reader("zh", ZoneInfo("Asia/Shanghai"), NOW_MS)


def told(
    *notices: dict[str, Any], reader: Reader = ENGLISH, records: dict[str, KnownAlert] | None = None, **facts: Any
) -> Message:  # fmt: skip
    message = compose(notification(*notices, **facts), NOWHERE, reader, records)
    assert message is not None
    return message


def text_of(message: Message) -> str:
    return "\n".join([message.title, *(item.summary for item in message.items)])


def test_firing_and_grave_come_first() -> None:
    message = told(
        notice("f1", "resolved", "critical"), notice("f2", "firing", "warning"), notice("f3", "firing", "critical")
    )
    assert [item.key for item in message.items] == ["f3", "f2", "f1"]
    assert (message.severity, message.firing) == ("critical", True)
    assert message.title == "FIRING · critical · 3 alerts · b1 · Crisis"


def test_title_has_severity_what_where_and_the_figure_against_the_usual() -> None:
    records = known(crisis(first_severity="critical"))
    assert told(notice(brand="山野"), records=records).title == (
        "FIRING · critical · Crisis · 山野 · 392 texts in 5 minutes; 12.4 are usual."
    )
    assert told(notice(brand="山野"), records=records, reader=CHINESE).title == (
        "告警 · 严重 · 舆情危机 · 山野 · 5 分钟内有 392 条讨论，平时为 12.4 条。"
    )


def test_message_quotes_one_text_with_personal_data_masked_and_names_the_platform() -> None:
    text = text_of(told(notice(), records=known(crisis()), reader=CHINESE))
    assert "上吐下泻" in text
    assert "（×41）——微博" in text
    assert "13812345678" not in text


def test_onset_is_that_of_the_episode_in_the_readers_zone() -> None:
    lines = told(notice(), records=known(crisis()), reader=CHINESE).items[0].lines
    assert any(line.startswith("始于 18:00 UTC+8") for line in lines)
    lines = told(notice(), records=known(crisis())).items[0].lines
    assert any(line.startswith("Since 10:00 UTC") for line in lines)


def test_onset_of_another_day_has_its_date() -> None:
    reader = Reader("en", UTC, NOW_MS + 86_400_000)
    assert "Since 11-30 10:00 UTC" in text_of(told(notice(), records=known(crisis()), reader=reader))


@pytest.mark.parametrize(
    ("starts_at", "shown"),
    [
        ("2026-11-30T18:00:00.1+08:00", "10:00 UTC"),
        ("2026-11-30T10:00:00.123456789Z", "10:00 UTC"),
        ("2026-11-30T06:30:00-03:30", "10:00 UTC"),
    ],
)
def test_time_with_an_offset_is_converted(starts_at: str, shown: str) -> None:
    assert told(notice() | {"startsAt": starts_at}).items[0].since == shown
    assert read_time(starts_at) in range(ONSET_MS, ONSET_MS + 1000)


def test_time_that_is_none_is_shown_as_it_is() -> None:
    assert told(notice() | {"startsAt": "soon"}).items[0].since == "soon"


def test_episode_that_grew_is_one_item_that_says_so() -> None:
    message = told(notice(severity="warning", status="resolved"), notice(severity="critical"), records=known(crisis()))
    [item] = message.items
    assert (item.firing, item.severity, item.key) == (True, "critical", "f1")
    assert message.title.startswith("WORSE · critical")
    assert "It was warning when it was first told." in text_of(message)


def test_alert_that_resolved_because_its_episode_grew_is_no_news() -> None:
    gone = notification(notice(severity="warning", status="resolved"), status="resolved")
    assert compose(gone, NOWHERE, ENGLISH, known(crisis())) is None


def test_false_alarm_is_told_as_over_with_who_said_so() -> None:
    message = told(notice(status="resolved"), status="resolved", records=known(crisis(), "false_alarm"))
    assert message.title.startswith("RESOLVED")
    assert "Lin has called it a false alarm." in text_of(message)


def test_decision_is_in_later_messages() -> None:
    assert "Lin 正在处理。" in text_of(told(notice(), records=known(crisis(), "acknowledged"), reader=CHINESE))


def test_end_has_both_times() -> None:
    over = crisis(state="resolved", resolved_at=ONSET_MS + 40 * MINUTE_MS)
    text = text_of(told(notice(status="resolved"), status="resolved", records=known(over)))
    assert "From 10:00 UTC to 10:40 UTC." in text


def test_alert_that_was_over_before_it_was_told_says_so() -> None:
    over = crisis(state="resolved", resolved_at=ONSET_MS + 4 * MINUTE_MS)
    message = told(notice(), records=known(over))
    assert message.title.startswith("OVER · critical")
    assert "was over at 10:04 UTC, before anybody could be told" in text_of(message)


def test_calm_is_told_with_when_it_resolves() -> None:
    calm = crisis(calm_since=ONSET_MS + 6 * MINUTE_MS, resolves_at=ONSET_MS + 16 * MINUTE_MS)
    text = text_of(told(notice(), records=known(calm), reader=CHINESE))
    assert "自 18:06 UTC+8 起已回落，若保持平静将于 18:16 UTC+8 解除。" in text
    assert "目前每分钟 8 条。" in text


@pytest.mark.parametrize(
    ("alert", "sentence", "chinese"),
    [
        (breach(), "9 findings of “Medical", "处，平时没有。最新一处：“根治湿疹”，广告法 17。"),
        (of_room("room_collapse"), "Viewers fell from 1,500 to 90. 130 are there now.", "在线人数由 1,500 降至 90。"),
        (of_room("fake_traffic"), "62% of the likes did not come from real viewers.", "62% 的点赞并非来自真实观众。"),
        (of_room("feed_silent"), "Nothing from douyin-live for 21 minutes", "douyin-live 已 21 分钟没有数据"),
        (
            msgspec.structs.replace(
                crisis(), kind="feed_time", source="rss", observed={"offset_minutes": -4.5},
                baseline={"offset_minutes": 0.0},
            ),
            "The clock of rss is 4.5 minutes ahead; detection corrects it.",
            "rss 的时钟快 4.5 分钟，检测已校正。",
        ),
        (
            msgspec.structs.replace(
                breach(), observed={"undisclosed_minutes": 17.0}, baseline={"allowed_minutes": 15.0}
            ),
            "17 minutes of selling without a disclosure; 15 are allowed.",
            "已带货 17 分钟而未声明广告，最多允许 15 分钟。",
        ),
    ],
    ids=["breach", "collapse", "fake", "silent", "clock", "undisclosed"],
)  # fmt: skip
def test_each_kind_has_its_sentence_in_each_language(alert: Any, sentence: str, chinese: str) -> None:
    given = notice(alert.fingerprint, room="room-105")
    assert sentence in text_of(told(given, records=known(alert)))
    assert chinese in text_of(told(given, records=known(alert), reader=CHINESE))


@pytest.mark.parametrize(("language", "word"), [("zh-TW", "嚴重"), ("zh-HK", "嚴重"), ("zh-CN", "严重")])
def test_traditional_characters_are_our_words_alone(language: Language, word: str) -> None:
    reader = Reader(language, now_ms=NOW_MS)
    text = text_of(told(notice(brand="山野"), records=known(crisis(evidence=[said("发货太慢")])), reader=reader))
    assert word in text
    assert "发货太慢" in text


def test_every_language_has_every_word() -> None:
    languages: list[Language] = ["en", "zh", "zh-CN", "zh-TW", "zh-HK"]
    assert all(words("en").keys() <= words(language).keys() for language in languages)


def test_long_and_hostile_texts_are_cut_to_one_line() -> None:
    alert = crisis(evidence=[said("坏\n\u202e" * 400)])
    [item] = told(notice(), records=known(alert)).items
    assert all("\n" not in line and "\u202e" not in line for line in item.lines)
    assert len(item.summary) < 600


def test_without_redis_the_annotations_have_to_do() -> None:
    message = told(notice())
    assert message.items[0].head == "FIRING · critical · Crisis · b1"
    assert message.items[0].lines == ["crisis: brand b1", "since 11-25 10:00 UTC"]


def test_monitors_alert_is_told_in_chinese() -> None:
    given = notice("", alertname="KafkaAway", brand="")
    given["annotations"] = {"summary": "Kafka does not answer", "summary_zh": "Kafka 没有应答"}
    assert "Kafka 没有应答" in text_of(told(given, reader=CHINESE))


def test_alert_of_detection_leads_to_its_own_view_and_one_of_the_monitor_to_operations() -> None:
    links = Links("http://console/", "")
    message = compose(notification(notice("f/1?x"), notice("other"), notice("")), links, ENGLISH)
    assert message is not None
    assert [item.view for item in message.items] == [
        "http://console/alert/f%2F1%3Fx", "http://console/operations", "http://console/operations",
    ]  # fmt: skip


def test_alerts_that_share_a_series_are_apart() -> None:
    message = told(notice("other") | {"fingerprint": "am-1"}, notice("other") | {"fingerprint": "am-2"})
    assert [item.key for item in message.items] == ["am-1", "am-2"]


def test_without_settings_there_are_no_links() -> None:
    [item] = told(notice()).items
    assert (item.view, item.runbook) == ("", "")


def test_unknown_alert_keeps_its_name_in_chinese() -> None:
    assert told(notice(alertname="Other"), reader=CHINESE).title == "告警 · 严重 · Other · b1"


def test_every_alert_has_a_name_in_chinese() -> None:
    assert {rule["alert"] for rule in alerts()} <= words("zh").keys()


def test_one_finding_is_no_findings_and_a_room_is_called_so_once() -> None:
    record = breach(observed={"findings": 1.0})
    message = told(notice(record.fingerprint, room="room-105"), records=known(record))
    assert "1 finding of “" in text_of(message)
    assert " · room-105" in message.title
    assert " · room 7312" in told(notice(room="7312")).title


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"observed": {"texts": 1, "harmful": 1}, "baseline": {"texts": 1}, "window_minutes": 1},
         "1 text in 1 minute; 1 is usual. 1 of them is negative or carries a risk."),
        ({"observed": {"texts": 9}, "baseline": {}}, "9 texts in 5 minutes; what is usual is not known yet."),
    ],
)  # fmt: skip
def test_figures_and_their_words_agree_in_number(changes: dict[str, Any], sentence: str) -> None:
    records = known(crisis(**{"present": {}, **changes}))
    assert told(notice(brand="山野"), records=records).items[0].lines[0] == sentence


def test_silence_of_a_minute_is_told_in_the_singular() -> None:
    figures = {"observed": {"quiet_minutes": 1}, "baseline": {"largest_gap_minutes": 1}}
    records = known(of_room("feed_silent", fingerprint="f3", source="douyin-1", **figures))
    title = told(notice("f3", alertname="FeedSilent", kind="feed_silent"), records=records).title
    assert title.endswith("Nothing from douyin-1 for 1 minute; its longest gap before was 1 minute.")


def test_unknown_usual_is_said_to_be_unknown_in_chinese_too() -> None:
    records = known(crisis(baseline={}, present={}))
    assert "5 分钟内有 392 条讨论，平时的水平尚不清楚。" in told(notice(), records=records, reader=CHINESE).title


def test_long_name_leaves_the_figure_on_the_lock_screen() -> None:
    message = told(notice(brand="牌" * 200), records=known(crisis()))
    assert len(message.title) < 150
    assert "392 texts" in message.title


@pytest.mark.parametrize("reader", [ENGLISH, CHINESE])
def test_one_line_keeps_a_quotes_platform_apart_from_what_follows(reader: Reader) -> None:
    item = told(notice(), records=known(crisis()), reader=reader).items[0]
    assert " · ".join(item.lines) in item.summary


def test_chinese_message_without_a_record_mixes_in_no_english() -> None:
    item = told(notice(brand="山野"), reader=CHINESE).items[0]
    assert item.lines[0] == "暂时读不到数字和原文，请在控制台查看。"
