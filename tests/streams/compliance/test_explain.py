"""How a text is read, which rules match it where, and what excuses a match."""

from streams.compliance.rulebook import Rulebook


def test_explanation_shows_the_disguise_undone_and_the_place_in_the_original(rulebook: Rulebook) -> None:
    told = rulebook.explain("今天　全網罪低價", "host_speech")
    assert told.normal == "今天 全网罪低价"
    assert told.undisguised == "今天全网最低价"
    fired = [item for item in told.considered if item.excuse is None]
    assert {item.matched for item in fired} >= {"全網罪低"}
    assert all(item.family == "absolute_claim" and "广告法" in item.article for item in fired)


def test_explanation_names_the_excuse(rulebook: Rulebook) -> None:
    told = rulebook.explain("我们一直追求做到最好，感谢大家支持", "host_speech")
    assert rulebook.check("我们一直追求做到最好，感谢大家支持", "host_speech") == []
    assert [item.excuse.partition(":")[0] for item in told.considered if item.excuse] == ["philosophy"]


def test_explanation_and_check_agree(rulebook: Rulebook) -> None:
    for text in ("最近上新", "电话13812345678", "祖传秘方根治鼻炎", "给个五星好评返五元", ""):
        fired = {item.rule for item in rulebook.explain(text, "host_speech").considered if item.excuse is None}
        assert fired == {finding.rule for finding in rulebook.check(text, "host_speech")}


def test_text_without_disguise_has_one_reading(rulebook: Rulebook) -> None:
    assert rulebook.explain("第一次来的朋友", "comment").undisguised is None
