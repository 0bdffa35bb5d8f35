"""What each public source contributes: how many texts, how much of each, and under which licence.

The labels of a source cover only what its annotators looked at. A label that is absent is unknown and adds nothing to
the loss. Caps balance the sources against each other; the loader takes a seeded sample: another seed sees other texts.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from models.labels import RISKS, SENTIMENTS
from models.normalise import has_han, model_text

HEAVY_TIMES = 4
HELD_OUT_PART = 20  # one text in twenty of a training source is never trained on: calibration and figures come from it


@dataclass(frozen=True, slots=True)
class Source:
    """One public set; ``cap`` is the most texts of it that one run sees, ``None`` all.

    A small set that counts is gone through several times an epoch: ``passes``.
    """

    name: str
    cap: int | None
    licence: str
    permissive: bool = False
    max_tokens: int = 64
    weight: float = 1.0
    passes: int = 1
    tweet_like: bool = False
    false_alarm_limit: float = 0.02
    """Of its neutral and positive texts, the most that thresholds may let through as risks."""


NONE_STATED = "none stated"
WRITTEN = "written"
"""Our own corpus; its sources are ``written_zh`` and ``written_en``."""
UNLABELLED = "unlabelled"

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("smp2020_usual_zh", None, NONE_STATED, max_tokens=128, tweet_like=True, weight=1.3, passes=2),
        Source("smp2020_virus_zh", None, NONE_STATED, max_tokens=128, tweet_like=True, false_alarm_limit=0.04),
        Source("nlpcc2013_weibo_zh", 6_000, "MIT (repository)", permissive=True, tweet_like=True, weight=0.5),
        Source("weibo2018_zh", 5_000, NONE_STATED, max_tokens=128, tweet_like=True, weight=0.5),
        Source("conversation_zh", 4_000, NONE_STATED, tweet_like=True, weight=0.5),
        Source("online_shopping_10_cats_zh", None, NONE_STATED, max_tokens=160, false_alarm_limit=0.06),
        Source("waimai_10k_zh", None, NONE_STATED, false_alarm_limit=0.06),
        Source("cold_zh", None, "Apache-2.0", permissive=True, max_tokens=128, weight=1.3),
        Source("chnci_zh", 20_000, NONE_STATED, tweet_like=True, weight=0.7),
        Source("liveamr_violation_zh", None, NONE_STATED, max_tokens=448, weight=2.0, passes=3),
        Source("fbs_sms_zh", 2_000, NONE_STATED),
        Source("cec_news_zh", 600, NONE_STATED),
        Source("ced_weibo_rumor_zh", None, NONE_STATED, max_tokens=128),
        Source(
            "semeval2017_task4a_en",
            None,
            "MIT (repository); Twitter's terms",
            permissive=True,
            max_tokens=96,
            tweet_like=True,
        ),
        Source("tweeteval_sentiment_en", None, "no restrictions of its own; Twitter's terms", tweet_like=True),
        Source(
            "tweeteval_offensive_en",
            None,
            "no restrictions of its own; Twitter's terms",
            max_tokens=128,
            tweet_like=True,
            weight=1.5,
        ),
        Source(
            "airline_tweets_en",
            6_000,
            "none stated (CC BY-NC-SA on Kaggle)",
            tweet_like=True,
            false_alarm_limit=0.06,
        ),
        Source("sanders_brand_tweets_en", None, NONE_STATED, tweet_like=True, weight=0.7),
        Source("complaints_acl2019_en", None, NONE_STATED, tweet_like=True, weight=1.5, passes=3),
        Source("davidson_en", 6_000, "MIT", permissive=True, weight=0.5),
        Source("conda_chat_en", 4_000, NONE_STATED, weight=0.5),
        Source("ec_darkpattern_en", None, "Apache-2.0", permissive=True),
        Source("sms_spam_en", 2_000, NONE_STATED),
        Source("youtube_spam_en", None, NONE_STATED),
        Source("crisislex_t26_en", 3_000, "MIT", permissive=True),
        Source("crisislex_t6_en", 4_000, "MIT", permissive=True),
        Source("covid_fake_news_en", 4_000, "MIT (repository)", permissive=True, max_tokens=128),
        Source("presidio_pii_en", None, "MIT", permissive=True),
        *(
            Source(
                f"written_{language}",
                None,
                "Apache-2.0",
                permissive=True,
                max_tokens=192,
                weight=1.5,
                passes=passes,
                false_alarm_limit=0.04,
            )
            for language, passes in (("zh", 4), ("en", 3))
        ),
    )
}

MORPH_PAIRS = Source("morph_pairs_zh", 1_500, NONE_STATED, weight=0.5)

# Presidio marks every name of a person; the label here means data that reaches somebody.
_REACHABLE = re.compile(
    r"\d[\d\s().-]{4,}|@|\b(?:address|live|lives|street|avenue|road|passport|licen[cs]e|ssn|phone|call|card|iban|e?mail|born|"
    r"birthday|account|zip|p\.?o\.? box)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Example:
    """One text with what is known of it; ``text`` in model form, ``risks[label] = (target, weight)``."""

    text: str
    source: str
    max_tokens: int = 64
    passes: int = 1
    sentiment: int | None = None
    sentiment_binary: bool = False
    sentiment_weight: float = 1.0
    risks: dict[str, tuple[float, float]] = field(default_factory=dict)
    written: str = ""
    """As it stands in its file."""


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a .jsonl or .jsonl.gz file."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def to_example(row: Mapping[str, Any], source: Source) -> Example | None:
    """The example of one row, or None where its label does not mean what ours means, or nothing is left to read."""
    text = model_text(row["text"])
    if not text or (row.get("privacy") == 1 and not _REACHABLE.search(row["text"])):
        return None
    example = Example(text, source.name, source.max_tokens, source.passes, written=row["text"])
    if "sentiment" in row:
        example.sentiment = SENTIMENTS.index(row["sentiment"])
        example.sentiment_binary = bool(row.get("sentiment_binary"))
        example.sentiment_weight = source.weight
    silver = 0.5 if row.get("complaint_silver") else 1.0
    for label in RISKS:
        if label in row:
            example.risks[label] = (float(row[label]), source.weight * (silver if label == "complaint" else 1.0))
    return example


def held_out(text: str) -> bool:
    """Whether a text in model form belongs to the part that no run trains on."""
    return blake2b(text.encode(), digest_size=4).digest()[0] % HELD_OUT_PART == 0


def load_training(data: Path, language: str, seed: int, licences: str) -> tuple[list[Example], list[Example]]:
    """The (training, held-out) examples of one language, without any text that occurs in val.jsonl.gz or twice."""
    seen = {model_text(row["text"]) for row in read_rows(data / "val.jsonl.gz")}
    pools: dict[str, list[Example]] = {}
    kept_out: list[Example] = []
    for row in read_rows(data / "train.jsonl.gz"):
        source = SOURCES.get(row["source"])
        if source is None or not source.name.endswith(language) or not allowed(source, licences):
            continue
        example = to_example(row, source)
        if example is None or example.text in seen or has_han(example.text) != (language == "zh"):
            continue
        seen.add(example.text)
        (kept_out if held_out(example.text) else pools.setdefault(source.name, [])).append(example)
    if language == "zh" and licences == "all":
        pools[MORPH_PAIRS.name] = list(_evasive_claims(data / "morph_pairs_zh.jsonl.gz", seen))
    draw = random.Random(seed)
    training: list[Example] = []
    for name in sorted(pools):
        source = MORPH_PAIRS if name == MORPH_PAIRS.name else SOURCES[name]
        pool = pools[name]
        training += pool if source.cap is None or source.cap >= len(pool) else _sample(pool, source.cap, draw)
    return training, kept_out


def sample_evenly(examples: Sequence[Example], most: int, heavy: AbstractSet[str], seed: int) -> list[Example]:
    """At most ``most`` of the examples, each once an epoch: of every source texts of as many characters in all, of the
    ``heavy`` ones ``HEAVY_TIMES`` as many.

    A small source is taken whole, and what it leaves goes to the others.
    """
    pools: dict[str, list[Example]] = {}
    for example in examples:
        pools.setdefault(example.source, []).append(example)
    shares = {
        name: (HEAVY_TIMES if name in heavy else 1) * len(pool) / sum(len(example.text) for example in pool)
        for name, pool in pools.items()
    }
    draw = random.Random(seed)
    chosen: list[Example] = []
    open_shares = sum(shares.values())
    for name in sorted(pools, key=lambda name: (len(pools[name]) / shares[name], name)):
        cap = round((most - len(chosen)) * shares[name] / open_shares)
        chosen += pools[name] if cap >= len(pools[name]) else _sample(pools[name], cap, draw)
        open_shares -= shares[name]
    return [replace(example, passes=1) for example in chosen]


def load_unlabelled(
    data: Path, streams: Path | None, language: str, licences: str, known: AbstractSet[str]
) -> list[Example]:
    """Texts without their labels, none among ``known`` or held out: those beyond the caps, recorded comments."""
    seen = set(known) | {model_text(row["text"]) for row in read_rows(data / "val.jsonl.gz")}
    paths = [data / "train.jsonl.gz", *(sorted(streams.glob("*.jsonl.gz")) if streams and licences == "all" else ())]
    found = []
    for row in (row for path in paths for row in read_rows(path)):
        source = SOURCES.get(row.get("source", ""))
        text = model_text(row["text"]) if source is None or allowed(source, licences) else ""
        if text and text not in seen and has_han(text) == (language == "zh") and not held_out(text):
            seen.add(text)
            found.append(Example(text, UNLABELLED, 64 if source is None else source.max_tokens))
    return found


def load_validation(data: Path, language: str, licences: str) -> list[Example]:
    """Every example of val.jsonl.gz that the language's encoder would get."""
    rows = ((row, SOURCES.get(row["source"])) for row in read_rows(data / "val.jsonl.gz"))
    found = (to_example(row, source) for row, source in rows if source and allowed(source, licences))
    return [example for example in found if example is not None and has_han(example.text) == (language == "zh")]


def allowed(source: Source, licences: str) -> bool:
    """Whether a source may be used: ``permissive`` ones always, others where ``licences`` is ``all``."""
    return source.permissive or licences == "all"


def _evasive_claims(path: Path, seen: set[str]) -> Iterator[Example]:
    """Health claims in a spelling that avoids a filter: somebody found it worth hiding."""
    for row in read_rows(path):
        text = model_text(row["text"])
        if row["has_morph"] and text and text not in seen:
            seen.add(text)
            yield Example(text, MORPH_PAIRS.name, risks={"misleading": (1.0, MORPH_PAIRS.weight)})


def _sample(pool: list[Example], cap: int, draw: random.Random) -> list[Example]:
    """A sample in which the sentiments are as even as the pool allows: the figures that count are macro-averaged."""
    groups: dict[int | None, list[Example]] = {}
    for example in pool:
        groups.setdefault(example.sentiment, []).append(example)
    chosen: list[Example] = []
    for left, group in zip(range(len(groups), 0, -1), sorted(groups.values(), key=len), strict=True):
        chosen += draw.sample(group, min(len(group), (cap - len(chosen)) // left))
    return chosen
