"""Texts a second that a core asks about their brands, with thousands of brands, half of the texts with a name in them.

The catalogue is the labelled one (tests/data/brands) and brands made up from seeds; the texts are the labelled ones
that have a name of it, and as many without any.
"""

import random
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from streams.catalogue.brand import Brand, read_brands
from streams.catalogue.matcher import BrandMatcher
from streams.catalogue.quality import LabelledText, measure, read_labelled_texts

DATA: Final = Path(__file__).parents[1] / "data" / "brands"
PARTS: Final = {
    "tuning": ("brands.yaml", "texts.jsonl"),
    "kept apart": ("brands.yaml", "texts_kept_apart.jsonl"),
    "ten minutes, plain": ("ten_minutes/brands.yaml", "ten_minutes/plain.jsonl"),
    "ten minutes, hard": ("ten_minutes/brands.yaml", "ten_minutes/hard.jsonl"),
    "forty, tuning": ("forty/brands.yaml", "forty/tuned.jsonl"),
    "forty, apart": ("forty/brands.yaml", "forty/apart.jsonl"),
    "fifty": ("fifty/brands.yaml", "fifty/texts.jsonl"),
}
"""By part its catalogue and its texts. `ten minutes` are 12 brands as the guide alone lets one write them, and texts of
names that are words. `forty` are 40 brands, and texts of which more than half are hard; halves by the texts' SHA-1.
`fifty` are 50 brands and 700 texts, half of them hard, by another hand; nothing was tuned on them until one of the
misses was mended (一只coach)."""
_SYLLABLES = ["ba", "ko", "ri", "lu", "ten", "sa", "mi", "vor", "xa", "pel", "dra", "no", "qui", "zen", "fa"]
_CHARACTERS = "锦澜霆煦曜珩璟翊骁棠芷沅砚舟泊屿岚槿"
_EVERYDAY = (
    "今天快递到了，包装有点破，不过东西没坏",
    "排队两个小时就为了一碗面，值不值你们说",
    "the delivery came late and nobody called",
    "主播说好的优惠呢，领了券还是原价",
    "anyone else stuck in traffic on the bridge right now",
    "孩子放学我去接，晚饭你看着弄",
    "这家店上菜太慢了，催了三次才来",
    "my neighbour plays drums at midnight, send help",
    "退款申请三天没人理，客服只会复制粘贴",
    "weekend plans: sleep, eat, repeat, and maybe laundry",
)


def run_brands(*, brands: int, repeats: int) -> dict[str, Any]:
    """Texts a second and core, and how many of the texts had a name."""
    catalogue = [*read_brands(DATA / "brands.yaml"), *_made_up(brands)]
    matcher = BrandMatcher(catalogue[:brands])
    named = [labelled.text for labelled in _labelled("tuning") if matcher.explain(labelled.text)]
    texts = [*named, *(_EVERYDAY[number % len(_EVERYDAY)] for number in range(len(named)))]
    random.Random(7).shuffle(texts)
    rates = []
    for _ in range(repeats):
        began = time.process_time()
        for text in texts:
            matcher.brands(text)
        rates.append(len(texts) / (time.process_time() - began))
    return {
        "brands": brands, "texts": len(texts), "with_a_name": len(named), "texts_per_second": round(median(rates)),
        "min": round(min(rates)), "max": round(max(rates)),
    }  # fmt: skip


def labelled_quality() -> list[dict[str, Any]]:
    """Precision and recall of text-brand pairs, by part."""
    rows = []
    for part, (catalogue, _) in PARTS.items():
        matcher = BrandMatcher(read_brands(DATA / catalogue))
        quality = measure(matcher, _labelled(part))
        rows.append(
            {"part": part, "texts": quality.texts, "pairs": quality.meant, "found": quality.found,
             "precision": quality.precision, "recall": quality.recall}
        )  # fmt: skip
    return rows


def _labelled(part: str) -> list[LabelledText]:
    return read_labelled_texts([DATA / PARTS[part][1]])


def _made_up(count: int) -> list[Brand]:
    chosen = random.Random(5)
    return [
        Brand(
            id=f"made-up-{number}",
            names=("".join(chosen.choices(_SYLLABLES, k=4)).capitalize() + str(number % 7 or ""),
                   "".join(chosen.choices(_CHARACTERS, k=3))),
            ambiguous=("".join(chosen.choices(_CHARACTERS, k=2)),),
            context=("手机", "售后", "store", "refund"),
            handles=(f"made_up_{number}",),
        )
        for number in range(count)
    ]  # fmt: skip
