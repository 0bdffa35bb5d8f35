"""The model card, written from what was measured. Only ON_UNSEEN_DATA is typed by hand: its texts are not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.labels import LANGUAGES, RISKS
from models.operating_points import PRECISION
from models.runtime.manifest import Manifest
from models.train.data.sources import MORPH_PAIRS, SOURCES, Source
from models.train.loop import Progress
from models.train.network.encoder import ENCODERS
from models.train.release.depth_curve import Point
from models.train.release.exits import MAX_CHANGED_FLAGS
from models.train.release.goals import GOALS, Goal

COLUMNS = ("accuracy", "macro_recall", "macro_f1", "precision", "recall", "f1", "pr_auc", "ece", "false_alarm_rate")

ON_UNSEEN_DATA = """## On data never seen

Measured once, by an independent examination of revision 2026-11-26.3, from which this one goes on in two steps, on
texts that neither training nor validation nor the choice of thresholds had seen. **This revision has not been examined
so.** By the figures above it flags far fewer harmless texts; on the sets of the first table expect a point or two less
rather than more.

| task, test set | measure | figure |
|---|---|---|
| TweetEval sentiment | macro-recall | 69.4 |
| TweetEval offensive | macro-F1 | 76.0 |
| COLD | accuracy | 81.8 |
| Weibo (SMP 2020 usual) | macro-recall | 84.3 |
| product reviews | accuracy | 94.3 |
| complaints (ACL 2019) | macro-F1 | 89.2 |
| host speech (LiveAMR) | macro-F1 | 80.0 |

On public suites for moderation the abuse flag finds much less, and is wrong more often, than on the sets above:

| suite | abuse that is flagged | innocent texts that are flagged |
|---|---|---|
| HateCheck, English | 34 % | 38 % |
| HateCheck, Mandarin | 37 % | 23 % |
| posts of four Chinese platforms | 30 % | 12 % |
| Chinese abuse in disguise | 1.5 to 27 % (undisguised: 45 %) | |
| innocent texts with identity words, Chinese | | 0.5 % |
| innocent texts with identity words, English | | 3.0 % |

So a single text without a flag is no proof of innocence, and a flag on one is a reason to read it, not a verdict.

The compliance rules, which judge beside the model, reach a precision of 0.914 and a recall of 0.838 by family on an
examination of 459 texts. How much a stream looks like cyber-violence is told apart with an AUC of 0.98 on 32 other
recorded incidents.
"""
"""Of revision 2026-11-26.3, with what is to be said of that; measure again and change it with the model."""

HEAD = """# Model card

Sentiment (negative, neutral, positive) and eleven risks of Chinese and English posts, comments, danmaku, reviews and
host speech. Two small BERT encoders, one a language: a text with any Han character goes to the Chinese one. A text that
is clear after the first stage leaves there; the others go on through the second. Revision `{revision}`. Made by
`python -m models.train`; the files and their SHA-256 are in `manifest.json` ({megabytes:.1f} MB).

| language | encoder | layers | heads after | taught by | last training | on | sentiment temperature |
|---|---|---|---|---|---|---|---|
{encoders}

Both encoders are by the Beijing Academy of Artificial Intelligence (BAAI), MIT licence, taken from the ONNX graphs in
`dev.langchain4j:langchain4j-embeddings-bge-small-{{zh,en}}-v15:0.36.2` (Apache-2.0). Weights are
int8, per channel; the last part of the training computed with that rounding. Beside them stands a table of word
sequences, whose weights are added to every stage's logits (models/train/network/ngrams.py).
{notes}

On two cores, without a graphics card, in about two hours, a language a core (START and OLD are the packaged models of
revisions 2026-12-01.1 and 2026-11-26.3; FIRST is the folder of the run that made the former, from revision 2026-11-30.5
with `--public-texts 30000 --learn-epochs 4 --minutes 62`; KNOWN are START's authors, `--rehearse zh2` and so on):

```
python -m models.train --data DATA --out OUT --start-from START --go-on-from FIRST --labels-like OLD --labelled-only \\
    --public-texts 60000 --templates 900 KNOWN --hide-words 0.05 --learn-epochs 2 --minutes 40 --threads 1 \\
    --stage prepare --stage train --language LANGUAGE
python -m models.train --data DATA --out OUT --start-from START --stage package
```

A budget in minutes ends where the machine's speed lets it: the same commands make a model of the same kind, not the
same bytes.

## Intended use and limits

To sort streams of public texts for people who watch a brand: shares and trends over many texts, and a first look at a
single one. Not for decisions about a person. The model reads a text alone, without thread, picture or sound, and the
first {tokens} word pieces of it. Irony, dialect and languages other than Chinese and English are read badly.

- `diversion`, `adult`, `gambling` and `violence` are learnt from the corpus written for this model and from templates
  (models/train/data) only: no public set labels them. Chinese `privacy` likewise; brand crises (injury, recall,
  boycott) and English host claims, mostly.
- The flags are chosen to be right: of texts of people whom it does not know many are missed (see the authors below).
- Chinese `fraud_spam` and `crisis` come from one source each, all of it positive; ordinary posts serve as negatives.
- Chinese `complaint` rests on star ratings and on the corpus written for this model. `rumor` judges style: no model of
  this kind knows whether a claim is true.
- Reviews and several Weibo sets have two classes; they taught nothing about neutral.

## Probabilities and flags

Risk logits are calibrated by Platt scaling, sentiment by a bias and one temperature, each stage for itself, on half of
the texts that training did not see. The same half chose the exits: against the last stage's answer they change the
sentiment of at most {changed_sentiments} of the texts, and for each risk at most {changed_flags:.1%} of as many
answers as it flags. What that costs is in the last two tables below.
A risk is flagged at its threshold: {rule}.

| language | {risks} |
|---|{rules}
{thresholds}

`PULSEWATCH_OPERATING_POINT` chooses another point, for all risks or one: `precise` (precision {precise}), `balanced`
({balanced}, the table above), `sensitive` ({sensitive}). The manifest has their thresholds, and the curves that they
were read from. `pulsewatch model curve FILE` draws them for texts of your own, and `pulsewatch model calibrate FILE`
writes thresholds of your own.

## On authors that it does not know

Measured with `python -m models.train.release.judges` on the texts of the authors that were held out of the corpus
written for this model before any training: no training and no threshold saw them. "clean" are texts without any risk.

{judges}

## Figures

Measured on the other half, through the runtime as served (int8, one thread). Validation sets are disjoint from
training; of other sets one text in twenty was kept out. Accuracy, macro-recall and macro-F1 take 0.5 as the border;
precision, recall and F1 those of the flags. `any_risk` is the share of neutral and positive texts that raise any flag.
A set with one class only, such as fbs_sms_zh, shows recall and nothing else.

| source | label | n | {columns} |
|---|---|---|{column_rules}
{figures}

## The goals, depth by depth

The figures that the model is built for, in percent, on the texts above: {goal_texts}.
They are validation texts, and the limits of the exits were set with an eye on these tables: the test sets of the same
sources may be harder or easier. "layers" is the mean share of the trained layers that
a text runs through.

{goals}

Larger networks on the way, and the one that is shipped before it was cut and rounded: the plain logits in bfloat16 or
fp32, on all validation texts of the goals' sources. They show what these encoders can give.

{judged}

Published, on the tasks' own test sets:

{published}

{unseen}
## Training data

Licences as the sets' publishers state them; `--licences permissive` trains on the marked ones alone. "None stated"
means that: train with that option where a clear chain of rights is needed.

| source | licence | permissive | most texts a run | passes |
|---|---|---|---|---|
{sources}
| templates_zh, templates_en (ours) | Apache-2.0 | yes | 300 a family and side | 1 |
"""


@dataclass(frozen=True, slots=True)
class Record:
    """How a language was trained and what its networks reach.

    ``points`` is the curve of what is shipped; ``judged`` has the goals' figures of the networks on the way, by name.
    """

    progress: Progress
    points: list[Point]
    judged: dict[str, dict[str, float]]


def write_card(
    path: Path,
    manifest: Manifest,
    rows: Sequence[Mapping[str, Any]],
    records: Mapping[str, Record],
    judged: Mapping[str, Mapping[str, Any]],
    licences: str,
) -> None:
    """Writes the card of a packaged model; ``rows`` as `models.evaluate` gives them, ``records`` by language.

    ``judged`` has what `models.train.release.judges` measured, by language.
    """
    sizes = {(row["source"], row["label"]): row["n"] for row in rows if "source" in row}
    used = [source for source in (*SOURCES.values(), MORPH_PAIRS) if licences == "all" or source.permissive]
    text = HEAD.format(
        revision=manifest.revision,
        megabytes=sum(entry.size_bytes for entry in manifest.files.values()) / 1e6,
        encoders="\n".join(_encoder(language, manifest, records[language].progress) for language in manifest.models),
        notes="\n".join(
            f"\n{language}: {record.progress.note}" for language, record in records.items() if record.progress.note
        ),
        changed_sentiments=" and ".join(f"{ENCODERS[name].changed_sentiments:.0%} ({name})" for name in LANGUAGES),
        changed_flags=MAX_CHANGED_FLAGS,
        goal_texts=", ".join(
            f"{sizes[g.source, g.label]:,} for {g.name}" for g in GOALS if (g.source, g.label) in sizes
        ),
        goals="\n\n".join(_curve(record.points) for record in records.values()),
        judged="\n\n".join(_judged(record.judged) for record in records.values() if record.judged),
        unseen=ON_UNSEEN_DATA,
        published="\n".join(
            f"- {goal.name}, {goal.measure.replace('_', '-')}: {goal.published}" for goal in GOALS if goal.published
        ),
        tokens=min(model.max_tokens for model in manifest.models.values()),
        rule=manifest.threshold_rule,
        **{point: f"{least:.2f}" for point, least in PRECISION.items()},
        judges="\n\n".join(_judges(language, figures) for language, figures in judged.items()),
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


def _encoder(language: str, manifest: Manifest, progress: Progress) -> str:
    model, encoder = manifest.models[language], ENCODERS[language]
    depth = max(encoder.served)
    layers = f"{depth}" if depth == encoder.layers else f"the lower {depth} of {encoder.layers}"
    heads = ", ".join(map(str, encoder.served))
    return (
        f"| {language} | {model.encoder} | {layers} | {heads} | {progress.teachers} | {progress.step:,} steps, "
        f"{progress.seconds / 60:.0f} min | {progress.machine} | {model.stages[-1].sentiment_temperature} |"
    )


def _judges(language: str, figures: Mapping[str, Any]) -> str:
    """What the judging authors of a language say."""
    clean, disguised = figures["clean"], figures["disguised"]
    hard = ", ".join(
        f"{kind.replace('_', ' ')} {100 * share:.1f}"
        for kind, share in clean.items()
        if kind not in ("texts", "flagged")
    )
    lines = [
        (
            f"{language}, {figures['texts']:,} texts: sentiment {100 * figures['sentiment']:.1f} (macro-recall); "
            f"{100 * clean['flagged']:.1f} % of {clean['texts']} clean texts flagged (of the hard kinds: {hard}); "
            f"risks of disguised texts found {100 * disguised['found']:.1f} %, of their plain twins "
            f"{100 * disguised['plain_found']:.1f} %."
        ),
        "",
        "| risk | texts | precision | recall |",
        "|---|---|---|---|",
        *(
            f"| {label} | {one['texts']} | {100 * one['precision']:.1f} | {100 * one['recall']:.1f} |"
            for label, one in figures["found"].items()
        ),
    ]
    return "\n".join(lines)


def _title(goal: Goal) -> str:
    return f"{goal.name}, {goal.measure.replace('_', '-')}"


def _curve(points: Sequence[Point]) -> str:
    """The points of a language as a table, with the goals as its first row."""
    goals = [goal for goal in GOALS if goal.name in points[0].figures]
    lines = [
        "| | layers | " + " | ".join(map(_title, goals)) + " |",
        "|---" * (len(goals) + 2) + "|",
        "| goal | | " + " | ".join(f"{100 * goal.least:.1f}" for goal in goals) + " |",
        *(
            f"| {point.name} | {point.layers:.0%} | "
            + " | ".join(f"{100 * point.figures[goal.name]:.1f}" for goal in goals)
            + " |"
            for point in points
        ),
    ]
    return "\n".join(lines)


def _judged(networks: Mapping[str, Mapping[str, float]]) -> str:
    """The figures of a language's networks as a table."""
    goals = [goal for goal in GOALS if all(goal.name in figures for figures in networks.values())]
    lines = ["| | " + " | ".join(map(_title, goals)) + " |", "|---" * (len(goals) + 1) + "|"]
    for name, figures in networks.items():
        lines.append(f"| {name} | " + " | ".join(f"{100 * figures[goal.name]:.1f}" for goal in goals) + " |")
    return "\n".join(lines)


def _row(row: Mapping[str, Any]) -> str:
    figures = (f"{100 * row[name]:.1f}" if name in row else "" for name in COLUMNS)
    return f"| {row['source']} | {row['label']} | {row['n']} | {' | '.join(figures)} |"


def _source(source: Source) -> str:
    return (
        f"| {source.name} | {source.licence} | {'yes' if source.permissive else 'no'} "
        f"| {source.cap or 'all'} | {source.passes} |"
    )
