"""Texts to sentiment and risks: normalise, look up what was scored lately, run the rest through the stages.

A text goes to the encoder of its script: any Han character makes it Chinese. Results come back in the order of the
input; the more texts are given at once, the better they can be sorted by length.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from models.labels import SENTIMENTS
from models.normalise import NormalForm, has_han, model_text, normalise
from models.runtime.cascade import Calibration, Cascade, ExitRule, LoadedStage
from models.runtime.correction import Correction, read_corrections
from models.runtime.flagging import AS_SHIPPED, Flagging, thresholds_of, widened
from models.runtime.lru import LruCache
from models.runtime.manifest import LanguageModel, ModelRefused, Stage, read_manifest
from models.runtime.scorer import Scorer, Scores
from models.runtime.session import Session
from models.runtime.tokeniser import Tokeniser, load_tokeniser, words_of
from models.second_reading import load_disguises

BUNDLED = Path(__file__).parent.parent / "bundled"
REMEMBERED_TEXTS = 32_768
POOLED = "/pool/both"
"""The value in every stage's graph that its head reads: mean and maximum of the tokens."""


@dataclass(frozen=True, slots=True)
class Served:
    """One language's model, ready to run."""

    tokeniser: Tokeniser
    cascade: Cascade
    thresholds: Mapping[str, float]
    """By risk, in the order of the outputs."""

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        """The scores of texts in model form, in order; None where the tokeniser fails."""
        encoded = self.tokeniser.encode(texts)
        readable = [index for index, ids in enumerate(encoded) if ids is not None]
        probabilities = self.cascade.probabilities([ids for ids in encoded if ids is not None])
        results: list[Scores | None] = [None] * len(texts)
        for index, scores in zip(readable, to_scores(probabilities, self.thresholds), strict=True):
            results[index] = scores
        return results


AnyScorer = TypeVar("AnyScorer", bound=Scorer, covariant=True)


def script(form: str) -> str:
    """The language whose encoder reads a text."""
    return "zh" if has_han(form) else "en"


class Classifier(Generic[AnyScorer]):
    """Scores texts on its sessions' threads. Not safe to share between threads; `breaker` adds limits on time.

    ``form`` makes a text what its scorer reads and what is remembered; ``language_of`` picks the scorer. Where
    ``undone`` reads a text in normal form otherwise too, both readings are scored; see `worse_of`.
    """

    def __init__(
        self,
        revision: str,
        served: Mapping[str, AnyScorer],
        remembered_texts: int,
        form: Callable[[str], str] = model_text,
        language_of: Callable[[str], str] = script,
        languages: Collection[str] | None = None,
        undone: Callable[[str], str | None] | None = None,
    ) -> None:
        self.revision = revision
        """Names the model in every scored text."""
        self.languages = languages
        """Those that it knows; None if that is not known."""
        self.served = served
        self._form = form
        self._language_of = language_of
        self._undone = undone
        self._recent: LruCache[Scores] = LruCache(remembered_texts)

    def score(self, texts: Sequence[str]) -> list[Scores | None]:
        """One result a text, in order; None for a text that could not be scored or has nothing to read in it.

        Blocks until all are scored.
        """
        readings = [self._readings(text) for text in texts]
        keys = ["\n".join(forms) for forms in readings]
        results = [self._recent.get(key) for key in keys]
        first: dict[str, int] = {}
        pending = [i for i, key in enumerate(keys) if key and results[i] is None and self._is_first(key, i, first)]
        wanted = [(index, form) for index in pending for form in readings[index]]
        for language, served in self.served.items():
            chosen = [(index, form) for index, form in wanted if self._language_of(form) == language]
            for (index, _), scores in zip(chosen, served.score([form for _, form in chosen]), strict=True):
                results[index] = worse_of(results[index], scores)
        for index in pending:
            scores = results[index]
            if scores is not None:
                self._recent.put(keys[index], scores)
        return [
            results[first[key]] if scores is None and key in first else scores
            for key, scores in zip(keys, results, strict=True)
        ]

    def _readings(self, text: str) -> tuple[str, ...]:
        """The text as a scorer reads it; and with its disguises undone, where it shows any."""
        if self._undone is None:
            return (self._form(text),)
        normal = normalise(text)
        form, undone = self._form(normal), self._undone(normal)
        other = form if undone is None else self._form(NormalForm(undone))
        return (form,) if other in (form, "") else (form, other)

    def _is_first(self, key: str, index: int, first: dict[str, int]) -> bool:
        """Whether a text is the first of its form; without a memory, every text is scored for itself."""
        return self._recent.capacity == 0 or first.setdefault(key, index) == index


def worse_of(one: Scores | None, other: Scores | None) -> Scores | None:
    """What two readings of a text say together: of each risk the higher; the sentiment of the surer one."""
    if one is None or other is None:
        return one or other
    surer = max(one, other, key=lambda scores: max(scores.sentiment_scores.values()))
    return msgspec.structs.replace(
        surer,
        risks={label: max(probability, other.risks[label]) for label, probability in one.risks.items()},
        flagged=[label for label in one.risks if label in one.flagged or label in other.flagged],
    )


def load_classifier(
    path: Path | None = None,
    threads: int = 1,
    remembered_texts: int = REMEMBERED_TEXTS,
    flagging: Flagging = AS_SHIPPED,
    correction: Path | None = None,
) -> Classifier[Served]:
    """The classifier of a folder in our form, the bundled one by default, with ``threads`` threads a session.

    Raises:
        ModelRefused: the folder is not what its manifest says, or cannot be loaded.
        FlaggingRefused: the model has no such thresholds.
        CorrectionRefused: ``correction`` is no file of `pulsewatch model learn` for this model.
    """
    folder = path or BUNDLED
    manifest = read_manifest(folder)
    corrections = {} if correction is None else read_corrections(correction, manifest.revision)
    limits = {
        language: thresholds_of(manifest.revision, language, model, flagging)
        for language, model in manifest.models.items()
    }
    try:
        served = {
            language: _served(folder, model, threads, limits[language], corrections.get(language))
            for language, model in manifest.models.items()
        }
        disguises = load_disguises(words_of(folder / manifest.models["en"].tokeniser))
    except Exception as error:  # whatever transformers and onnxruntime raise for files that they cannot read
        raise ModelRefused(f"{folder}: {error}") from error
    return Classifier(
        manifest.revision, served, remembered_texts, languages=tuple(manifest.models), undone=disguises.undone
    )


def load_cascade(
    folder: Path,
    stages: Sequence[Stage],
    threads: int,
    thresholds: Mapping[str, float],
    correction: Correction | None = None,
    looks: bool = False,
) -> Cascade:
    """The stages of a language, whose graphs lie below a folder, for flags from these thresholds on; ``looks`` for
    `Cascade.look` without a correction."""
    return Cascade(
        [
            LoadedStage(
                Session(folder / stage.graph, threads, POOLED if number == 0 and (correction or looks) else None),
                Calibration(stage),
                None if stage.exit is None else ExitRule(widened(stage.exit, thresholds)),
            )
            for number, stage in enumerate(stages)
        ],
        correction,
    )


def to_scores(probabilities: npt.NDArray[np.float64], thresholds: Mapping[str, float]) -> Iterator[Scores]:
    """Scores of calibrated probabilities (texts, outputs), whose risks ``thresholds`` names in their order."""
    for row in probabilities.round(4).tolist():
        sentiment, risks = row[: len(SENTIMENTS)], dict(zip(thresholds, row[len(SENTIMENTS) :], strict=True))
        yield Scores(
            sentiment=SENTIMENTS[sentiment.index(max(sentiment))],
            sentiment_scores=dict(zip(SENTIMENTS, sentiment, strict=True)),
            risks=risks,
            flagged=[label for label, probability in risks.items() if probability >= thresholds[label]],
        )


def _served(
    folder: Path, model: LanguageModel, threads: int, thresholds: Mapping[str, float], correction: Correction | None
) -> Served:
    return Served(
        load_tokeniser(folder / model.tokeniser, model.max_tokens),
        load_cascade(folder, model.stages, threads, thresholds, correction),
        thresholds,
    )
