"""Questions that viewers keep asking: which texts ask, and which of them ask the same.

A text that asks gets a key when it is counted: its normal form without what people put around a question. Keys that
share most of their pairs of characters are one question when it is shown, under the wording that is asked most:

    主播，这款多少钱呀？   多少钱？？   多少钱啊         key 多少钱: asked three times
    多少钱                 多少钱一件                    one group
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.normalise import normalise

MAX_QUESTION_CHARS = 60
"""A longer text tells a story; what it asks is not asked by others in the same words."""
MAX_KEY_CHARS = 32
ALIKE = 0.5
"""Shared pairs of characters, of all that either has (Jaccard)."""
_ZH = re.compile(
    r"[吗么嘛?]|多少|多大|多重|多高|多久|几[个号天点岁码件块月时]|哪[个里款天种些]|怎[么样]|如何|为啥|为什么|啥时|"
    r"什么|有没有|能不能|可不可以|是不是|会不会|要不要|好不好|谁|没有?$|还有.{0,8}不$|呢$"
)
_EN = re.compile(
    r"\?|^(?:what|when|where|which|who|whose|why|how|is|are|do|does|did|can|could|will|would|any(?:one|body)?)\b"
    r"|\b(?:how (?:much|many|long)|is there|do you)\b",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"主播|亲爱的|亲们?|宝宝们?|家人们|老铁|姐姐|小姐姐|哥哥|请问(?:一下)?|想问(?:一下)?|问一下|麻烦|你们?家?的?|这[个款]|"
    r"那[个款]|\b(?:please|pls|hey|hi|hello|host|guys|the|a|an|it|this|that)\b|[呀啊呢哦吧嘛哈呐哟啦]+$"
)
_APART = re.compile(r"[\W_]+")
_HAN = re.compile("[\u3400-\u9fff]")


def question_key(text: str) -> str | None:
    """What makes questions the same; None where the text asks nothing."""
    plain = normalise(text[: 2 * MAX_QUESTION_CHARS]).strip().lower()
    if not plain or len(plain) > MAX_QUESTION_CHARS or plain.startswith(("http", "@")):
        return None
    asks = _ZH if _HAN.search(plain) else _EN
    if not asks.search(plain.rstrip("!！。.~～ ")):
        return None
    between = "" if asks is _ZH else " "
    bare = _APART.sub(between, plain).strip()
    key = _APART.sub(between, _AROUND.sub("", bare)).strip() or bare
    return key[:MAX_KEY_CHARS] or None


@dataclass(frozen=True, slots=True)
class Question:
    """One question in all its wordings."""

    text: str
    """As it was worded last under its commonest key, personal data masked."""
    times: int
    before: int
    """Times in the stretch before."""
    wordings: int


def grouped(now: Mapping[str, int], before: Mapping[str, int], worded: Mapping[str, str]) -> Sequence[Question]:
    """The counts by key as questions, the most asked first. The same counts give the same groups."""
    groups: list[list[str]] = []
    for key in sorted(now.keys() | before.keys(), key=lambda key: (-now.get(key, 0) - before.get(key, 0), key)):
        pairs = _pairs(key)
        home = next((group for group in groups if _alike(pairs, _pairs(group[0]))), None)
        if home is None:
            groups.append([key])
        else:
            home.append(key)
    questions = [
        Question(
            text=worded.get(group[0], group[0]),
            times=sum(now.get(key, 0) for key in group),
            before=sum(before.get(key, 0) for key in group),
            wordings=len(group),
        )
        for group in groups
    ]
    return sorted((one for one in questions if one.times), key=lambda one: (-one.times, one.text))


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def _pairs(key: str) -> set[str]:
    return {key[at : at + 2] for at in range(max(1, len(key) - 1))}
