"""The model card, written from what was measured: no figure in it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.labels import RISKS
from models.runtime.manifest import Manifest
from models.train.loop import Progress
from models.train.sources import MORPH_PAIRS, SOURCES, Source

COLUMNS = ("accuracy", "macro_recall", "macro_f1", "precision", "recall", "f1", "pr_auc", "ece", "false_alarm_rate")

HEAD = """# Model card

Sentiment (negative, neutral, positive) and eight risks of Chinese and English posts, comments, danmaku, reviews and
host speech. Two small BERT encoders, one a language: a text with any Han character goes to the Chinese one. Revision
`{revision}`. Made by `python -m models.train`; the files and their SHA-256 are in `manifest.json`.

| language | encoder | steps | minutes on one core | sentiment temperature |
|---|---|---|---|---|
{encoders}

Both encoders are by the Beijing Academy of Artificial Intelligence (BAAI), MIT licence, taken from the ONNX graphs in
`dev.langchain4j:langchain4j-embeddings-bge-small-{{zh,en}}-v15:0.36.2` (Apache-2.0). Weights are int8, per channel.

## Intended use and limits

To sort streams of public texts for people who watch a brand: shares and trends over many texts, and a first look at a
single one. Not for decisions about a person. The model reads a text alone, without thread, picture or sound, and the
first {tokens} word pieces of it. Irony, dialect and languages other than Chinese and English are read badly.

- `diversion` is learnt from our own templates only (models/train/templates): no public set labels it. Chinese `privacy`
  likewise; Chinese and English brand crises (injury, recall, boycott), and English host claims, mostly.
- Chinese `fraud_spam` and `crisis` come from one source each, all of it positive; ordinary posts serve as negatives.
- Chinese `complaint` rests on star ratings. `rumor` judges style: no model of this kind knows whether a claim is true.
- Reviews and several Weibo sets have two classes; they taught nothing about neutral.

## Probabilities and flags

Risk logits are calibrated by Platt scaling and sentiment by one temperature a language, on half of the texts that
training did not see. A risk is flagged at its threshold: {rule}.

| language | {risks} |
|---|{rules}
{thresholds}

## Figures

Measured on the other half, through the runtime as served (int8, one thread). Validation sets are disjoint from
training; of other sets one text in twenty was kept out. Accuracy, macro-recall and macro-F1 take 0.5 as the border;
precision, recall and F1 those of the flags. `any_risk` is the share of neutral and positive texts that raise any flag.
A set with one class only, such as fbs_sms_zh, shows recall and nothing else.

| source | label | n | {columns} |
|---|---|---|{column_rules}
{figures}

Published on the same tasks' test sets (not the texts above): TweetEval sentiment, macro-recall: RoBERTa-base 71.3,
BERTweet 73.4, TimeLMs 73.7. TweetEval offensive, macro-F1: RoBERTa-base 79.5, TimeLMs 82.2. COLD, accuracy: 81.
ACL 2019 complaints, macro-F1: 79.

## Training data

Licences as the sets' publishers state them; `--licences permissive` trains on the marked ones alone. "None stated"
means that: whoever needs a clear chain of rights trains with that option.

| source | licence | permissive | most texts a run |
|---|---|---|---|
{sources}
| templates_zh, templates_en (ours) | Apache-2.0 | yes | 300 a family and side |
"""


def write_card(
    path: Path,
    manifest: Manifest,
    rows: Sequence[Mapping[str, Any]],
    progress: Mapping[str, Progress],
    licences: str,
) -> None:
    """Writes the card of a packaged model; ``rows`` as `models.evaluate` gives them."""
    used = [source for source in (*SOURCES.values(), MORPH_PAIRS) if licences == "all" or source.permissive]
    text = HEAD.format(
        revision=manifest.revision,
        encoders="\n".join(
            f"| {language} | {model.encoder} | {progress[language].step} | {progress[language].seconds / 60:.0f} "
            f"| {model.stages[-1].sentiment_temperature} |"
            for language, model in manifest.models.items()
        ),
        tokens=min(model.max_tokens for model in manifest.models.values()),
        rule=manifest.threshold_rule,
        risks=" | ".join(RISKS),
        rules="---|" * len(RISKS),
        thresholds="\n".join(
            f"| {language} | {' | '.join(str(model.thresholds[label]) for label in RISKS)} |"
            for language, model in manifest.models.items()
        ),
        columns=" | ".join(COLUMNS),
        column_rules="---|" * len(COLUMNS),
        figures="\n".join(_row(row) for row in rows if "source" in row),
        sources="\n".join(_source(source) for source in used),
    )
    path.write_text(text, encoding="utf-8")


def _row(row: Mapping[str, Any]) -> str:
    figures = (f"{100 * row[name]:.1f}" if name in row else "" for name in COLUMNS)
    return f"| {row['source']} | {row['label']} | {row['n']} | {' | '.join(figures)} |"


def _source(source: Source) -> str:
    return f"| {source.name} | {source.licence} | {'yes' if source.permissive else 'no'} | {source.cap or 'all'} |"
