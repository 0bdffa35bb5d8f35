"""The terms of a text about a brand, and which of them rise.

A term is a word or two that stand beside each other. Chinese is cut into words by jieba, which finds new ones too; of
terms inside one another only the longest is shown. What is said in nearly half of a brand's texts at all times is its
own name, and no topic.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import rjieba

from models.normalise import normalise

MAX_TERMS = 40
"""Of one text."""
MAX_TERM_CHARS = 10
"""Of a Chinese one."""
TEXTS = ""
"""The term that every text has: how many there were."""
OWN_SHARE = 0.4
"""Of a brand's texts in calm times; what is said more often is its name."""
MIN_TEXTS_BEFORE = 20
MIN_TEXTS = 4
MIN_EXCESS = 2.0
"""Fewer texts in the stretch that is looked at, or less of an excess (in standard deviations), are chance."""
_NESTED = 0.7
"""A term that occurs this often inside a longer one is only part of it."""
_LINK = re.compile(r"https?://\S+|www\.\S+|@\w+")
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,}")
_MEASURES = frozenset("个位名条只件张块元瓶盒包袋斤克次遍种号层楼岁年月天")
_COUNTED_RUN = re.compile("[0-9]?[\u3400-\u9fff]{2,}")
_WORD = re.compile(r"[a-z][a-z'’-]*")
MIN_WORD_CHARS = 3
_JOINS = frozenset(
    "的了是我你他她它们这那在有和就不吗呢吧啊呀哦嘛也都很还要会到去来上下说给把被让跟对从为与及或但而且因所以可能想看个着过"
    "么什怎哪谁几多少真太好再又才只没一"
)
"""A Chinese word of these characters alone joins others."""
_JOINING_WORDS = """
the and you for are was were this that with have has had not but they their them she his her him its our your my
from just what when where which who how why all any can could will would should may been being than then there
here out off too very more most some one two got get really about into over only also did does don't didn't
isn't it's i'm i've like even after before because again still these those ever every everyone everything never
always anyone someone something nothing much many such way thing things guys please today now know see say says said
"""
_STOP = frozenset(_JOINING_WORDS.split())


def terms(text: str) -> set[str]:
    """The terms of a text, at most MAX_TERMS; a text that says a term twice has it once."""
    plain = _LINK.sub(" ", normalise(text)).lower()
    found: dict[str, None] = {}
    for term in _han(plain):
        found[term] = None
    for term in _words(plain):
        found[term] = None
    return set(list(found)[:MAX_TERMS])


def _han(plain: str) -> Iterator[str]:
    for run in _COUNTED_RUN.findall(plain):
        words: list[str] = rjieba.cut(run.lstrip("0123456789"), True)
        if run[0].isdecimal() and words[0][0] in _MEASURES:  # 8个人 has 个 behind its number, and no 个人
            words = words[1:]
        yield from (word for word in words if len(word) > 1 and not _joins(word))
        for one, two in pairwise(words):
            # A character by itself may end a word that the dictionary lacks, as in 充电|宝; it begins none.
            if len(one) > 1 and not _joins(one) and not _joins(two) and len(one) + len(two) <= MAX_TERM_CHARS:
                yield one + two
        for one, two, three in zip(words, words[1:], words[2:], strict=False):
            if len(one) > 1 and len(two) == 1 and len(three) > 1 and not any(map(_joins, (one, two, three))):
                yield one + two + three


def _joins(word: str) -> bool:
    return _JOINS.issuperset(word)


def _words(plain: str) -> Iterator[str]:
    words = [(match.group(), match.span()) for match in _WORD.finditer(plain)]
    yield from (word for word, _ in words if _tells(word))
    for (one, (_, end)), (two, (start, _)) in pairwise(words):
        if _tells(one) and _tells(two) and plain[end:start].isspace():
            yield f"{one} {two}"


def _tells(word: str) -> bool:
    return len(word) >= MIN_WORD_CHARS and word not in _STOP


@dataclass(frozen=True, slots=True)
class Topic:
    """A term that is said more than before."""

    term: str
    texts: int
    """That have it, in the stretch that is looked at."""
    usual: float
    """Texts in as long a stretch before; as few as are usual there."""
    rise: float
    """How many times the usual, smoothed by one text on either side."""
    example: str = ""
    """A text that has it; empty where none of those that are kept does."""


def rising(
    now: Mapping[str, int], before: Mapping[str, int], share: float, limit: int = 12, brand_id: str = ""
) -> Sequence[Topic]:
    """The terms that rise most. `before` covers a stretch 1 / `share` times as long as `now` does.

    Terms are ranked by how much their count exceeds what was usual (the signed root of Poisson's deviance), so that no
    rare word said twice leads. The brand's own name is none of them.
    """
    names = own_names(before, brand_id)
    topics = [Topic(term, count, before.get(term, 0) * share, 0.0) for term, count in now.items()]
    topics = [topic for topic in topics if topic.texts >= MIN_TEXTS and topic.texts > topic.usual]
    topics = [topic for topic in topics if topic.term != TEXTS and not _names(topic.term, names)]
    whole = [topic for topic in topics if _excess(topic) >= MIN_EXCESS and not _inside(topic, topics)]
    ranked = sorted(whole, key=lambda topic: (-_excess(topic), topic.term))[:limit]
    return [
        Topic(one.term, one.texts, round(one.usual, 1), round((one.texts + 1) / (one.usual + 1), 1)) for one in ranked
    ]


def _excess(topic: Topic) -> float:
    usual = topic.usual + 0.5
    return math.sqrt(2 * max(0.0, topic.texts * math.log(topic.texts / usual) - (topic.texts - usual)))


def own_names(before: Mapping[str, int], brand_id: str) -> set[str]:
    """The brand's id, and what is said in nearly half of its texts in calm times."""
    texts = before.get(TEXTS, 0)
    names = {normalise(brand_id).lower()} - {""}
    if texts >= MIN_TEXTS_BEFORE:
        names |= {term for term, count in before.items() if term != TEXTS and count >= OWN_SHARE * texts}
    return names


def _names(term: str, names: set[str]) -> bool:
    """Whether a term is a name of the brand, or a name and a word beside it."""
    if _HAN_RUN.fullmatch(term):
        return any(len(name) > 1 and (term.startswith(name) or term.endswith(name)) for name in names)
    return term in names or not names.isdisjoint(term.split())


def with_examples(topics: Sequence[Topic], texts: Sequence[str]) -> list[Topic]:
    """The topics with a text each that has them, the shortest that says more than the term.

    Of topics that the same texts have, the words of one wording that many repeat, only the longest is shown.
    """
    said = [(text, terms(text)) for text in sorted(texts, key=len)]
    having = {topic.term: [text for text, found in said if topic.term in found] for topic in topics}
    return [
        replace(topic, example=_example(topic.term, having[topic.term]))
        for topic in topics
        if not any(_repeats(topic, other, having) for other in topics)
    ]


def _repeats(topic: Topic, other: Topic, having: Mapping[str, Sequence[str]]) -> bool:
    """Whether another topic, which says more, is said by the same texts and as often."""
    same = topic.texts == other.texts and having[topic.term] == having[other.term] != []
    return same and (-len(other.term), other.term) < (-len(topic.term), topic.term)


def _example(term: str, having: Sequence[str]) -> str:
    return next((text for text in having if len(text) > 2 * len(term)), having[0] if having else "")


def _inside(topic: Topic, topics: Sequence[Topic]) -> bool:
    return any(
        len(other.term) > len(topic.term) and topic.term in other.term and other.texts >= _NESTED * topic.texts
        for other in topics
    )
