"""The terms of a text about a brand, and which of them rise.

English gives words and pairs of words. Chinese is cut without a dictionary, so that new words count at once: runs of
two to four characters between those that only join words; of runs inside one another only the longest is shown.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.normalise import normalise

MAX_TERMS = 40
"""Of one text."""
MAX_RUN_CHARS = 4
MAX_TERM_CHARS = 10
MIN_TEXTS = 4
MIN_EXCESS = 2.0
"""Fewer texts in the stretch that is looked at, or less of an excess (in standard deviations), are chance."""
_NESTED = 0.7
"""A term that occurs this often inside a longer one is only part of it."""
_LINK = re.compile(r"https?://\S+|www\.\S+|@\w+")
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,}")
_WORD = re.compile(r"[a-z][a-z'’-]{2,23}")
_JOINS = re.compile(
    r"[的了是我你他她它们这那在有和就不吗呢吧啊呀哦嘛也都很还要会到去来上下说给把被让跟对从为与及或但而且因所以可能想看个着过"
    r"么什怎哪谁几多少真太好再又才只没]"
)
_JOINING_WORDS = """
the and you for are was were this that with have has had not but they their them she his her him its our your my
from just what when where which who how why all any can could will would should may been being than then there
here out off too very more most some one two got get really about into over only also did does don't didn't
isn't it's i'm i've like even after before because again still these those
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
    for run in _HAN_RUN.findall(plain):
        for part in _JOINS.split(run):
            for length in range(MAX_RUN_CHARS, 1, -1):
                yield from (part[at : at + length] for at in range(len(part) - length + 1))


def _words(plain: str) -> Iterator[str]:
    words = _WORD.findall(plain)
    yield from (word for word in words if word not in _STOP)
    for one, two in pairwise(words):
        if one not in _STOP and two not in _STOP:
            yield f"{one} {two}"


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


def rising(now: Mapping[str, int], before: Mapping[str, int], share: float, limit: int = 12) -> Sequence[Topic]:
    """The terms that rise most. `before` covers a stretch 1 / `share` times as long as `now` does.

    Terms are ranked by how much their count exceeds what was usual (the signed root of Poisson's deviance), so that
    neither a rare word said twice nor the brand's own name leads.
    """
    topics = [Topic(term, count, before.get(term, 0) * share, 0.0) for term, count in now.items()]
    topics = [topic for topic in topics if topic.texts >= MIN_TEXTS and topic.texts > topic.usual]
    topics = _joined(topics)
    whole = [topic for topic in topics if _excess(topic) >= MIN_EXCESS and not _inside(topic, topics)]
    ranked = sorted(whole, key=lambda topic: (-_excess(topic), topic.term))[:limit]
    return [
        Topic(one.term, one.texts, round(one.usual, 1), round((one.texts + 1) / (one.usual + 1), 1)) for one in ranked
    ]


def _excess(topic: Topic) -> float:
    usual = topic.usual + 0.5
    return math.sqrt(2 * max(0.0, topic.texts * math.log(topic.texts / usual) - (topic.texts - usual)))


def _joined(topics: Sequence[Topic]) -> list[Topic]:
    """Runs of MAX_RUN_CHARS characters that overlap and are said as often are one longer term."""
    by_start = {
        topic.term[:-1]: topic for topic in topics if len(topic.term) == MAX_RUN_CHARS and _HAN_RUN.match(topic.term)
    }
    joined = []
    for topic in sorted(by_start.values(), key=lambda topic: (-topic.texts, topic.term)):
        term, last = topic.term, topic
        while len(term) < MAX_TERM_CHARS and (following := by_start.get(last.term[1:])) is not None:
            if not _NESTED <= following.texts / topic.texts <= 1 / _NESTED:
                break
            term, last = term + following.term[-1], following
        joined.append(Topic(term, min(topic.texts, last.texts), min(topic.usual, last.usual), 0.0))
    return [*joined, *(topic for topic in topics if topic.term[:-1] not in by_start)]


def _inside(topic: Topic, topics: Sequence[Topic]) -> bool:
    return any(
        len(other.term) > len(topic.term) and topic.term in other.term and other.texts >= _NESTED * topic.texts
        for other in topics
    )
