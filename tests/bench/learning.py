"""A simulated team: what its marked texts teach, and whether anything else falls.

team/LANGUAGE.txt holds texts of five recurring kinds, and of each kind its contrast: texts in the same words with the
other answer. The team serves one operating point and marks the texts of the five kinds that are flagged wrongly. Said
before anything was measured: the mistakes are dealt at random to FOLDS parts; all but one teach, those of the last
part judge, each part in turn, and again for every seed. The authors of the written corpus that judge the model judge
that nothing else falls; contrasts and the texts of the five kinds that were right judge too, and never teach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.labels import LANGUAGES
from models.learning import Learner, Looked, Viewer, flags_of
from models.measures import precision, recall
from models.runtime.classifier import BUNDLED
from models.runtime.flagging import read_flagging
from models.runtime.manifest import read_manifest
from models.train.data.written import load_judging

TEAM = Path(__file__).with_name("team")
FOLDS = 5
CONTRAST = "contrast"
Flags = npt.NDArray[np.bool_]


class TeamText(NamedTuple):
    kind: str
    risk: str
    present: bool
    text: str


class Before(NamedTuple):
    """A language as it was before anything was learnt."""

    thresholds: Mapping[str, float]
    learner: Learner
    team: Sequence[TeamText]
    looked: Looked
    others: Looked
    truth: Mapping[str, Flags]
    """Of the others, by risk."""

    def wrong(self, probabilities: npt.NDArray[np.float64]) -> Flags:
        """For each of the team's texts whether its flag is."""
        flags = flags_of(probabilities, self.thresholds)
        return np.array([flags[one.risk][at] != one.present for at, one in enumerate(self.team)])


class Judged(NamedTuple):
    """One seed: mistakes and those that are left, by kind, and what became of everything else, a row a part."""

    mistakes: Counter[str]
    left: Counter[str]
    others: list[dict[str, float]]


def read_team(language: str) -> list[TeamText]:
    """Sections open with `## kind risk 0 or 1`; a text a line."""
    found = list[TeamText]()
    for line in (TEAM / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind, risk, present = line[3:].split()
        elif line:
            found.append(TeamText(kind, risk, present == "1", line))
    return found


def run_learning(point: str, seeds: int) -> dict[str, Any]:
    """Mistakes by language and kind before and after, each mistake judged once a seed, and everything else."""
    by_kind, others = dict[str, dict[str, Any]](), dict[str, float]()
    left_in_all = [0] * seeds
    for language in LANGUAGES:
        part = _before(language, point)
        judged = [_one_seed(part, seed) for seed in range(seeds)]
        for kind in sorted(judged[0].mistakes):
            left = [one.left.get(kind, 0) for one in judged]
            by_kind[f"{language} {kind}"] = {"mistakes": judged[0].mistakes[kind], "left": _spread(left)}
            left_in_all = [all_kinds + of_kind for all_kinds, of_kind in zip(left_in_all, left, strict=True)]
        rows = [row for one in judged for row in one.others]
        others |= {f"{language} {name}": round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
    mistakes = sum(one["mistakes"] for one in by_kind.values())
    return {"point": point, "mistakes": mistakes, "left": _spread(left_in_all), "by_kind": by_kind, "others": others}


def _before(language: str, point: str) -> Before:
    viewer = Viewer(BUNDLED, read_manifest(BUNDLED), language, read_flagging(point))
    team, judging = read_team(language), load_judging(language)
    return Before(
        viewer.thresholds,
        Learner(viewer.thresholds, viewer.rehearse()),
        team,
        viewer.look([one.text for one in team]),
        viewer.look([one.text for one in judging]),
        {risk: np.array([one.risks.get(risk, (0.0, 0.0))[0] > 0.5 for one in judging]) for risk in viewer.thresholds},
    )


def _one_seed(part: Before, seed: int) -> Judged:
    kinds = [one.kind for one in part.team]
    was_wrong = part.wrong(part.looked.probabilities)
    mistakes = [int(at) for at in np.flatnonzero(was_wrong) if not kinds[at].startswith(CONTRAST)]
    dealt = np.random.default_rng(seed).permutation(mistakes).tolist()
    left, others = list[int](), list[dict[str, float]]()
    for fold in range(FOLDS):
        judging = dealt[fold::FOLDS]
        teaching = [at for at in dealt if at not in judging]
        answers = {
            risk: {at: part.team[index].present for at, index in enumerate(teaching) if part.team[index].risk == risk}
            for risk in part.thresholds
        }
        shown = Looked(part.looked.probabilities[teaching], part.looked.pooled[teaching])
        correction, _ = part.learner.learn(shown, answers)
        assert correction is not None
        now_wrong = part.wrong(correction.apply(*part.looked))
        left += [at for at in judging if now_wrong[at]]
        after = correction.apply(*part.others)
        others.append({"taught": len(teaching), **dict(_others(part, was_wrong, now_wrong, after))})
    return Judged(Counter(kinds[at] for at in mistakes), Counter(kinds[at] for at in left), others)


def _others(
    part: Before, was_wrong: Flags, now_wrong: Flags, after: npt.NDArray[np.float64]
) -> Iterator[tuple[str, float]]:
    contrast = np.array([one.kind.startswith(CONTRAST) for one in part.team])
    yield "contrasts wrong before", float(was_wrong[contrast].mean())
    yield "contrasts wrong after", float(now_wrong[contrast].mean())
    yield "right ones broken", float(now_wrong[~contrast & ~was_wrong].mean())
    clean = ~np.any(list(part.truth.values()), axis=0)
    for name, probabilities in (("before", part.others.probabilities), ("after", after)):
        flags = flags_of(probabilities, part.thresholds)
        yield f"clean flagged {name}", float(np.any(list(flags.values()), axis=0)[clean].mean())
        for risk in sorted({one.risk for one in part.team}):
            yield f"{risk} precision {name}", precision(part.truth[risk], flags[risk])
            yield f"{risk} recall {name}", recall(part.truth[risk], flags[risk])


def _spread(counts: Sequence[int]) -> dict[str, float]:
    """The mean over seeds, and how far they lie apart."""
    return {"mean": round(float(np.mean(counts)), 1), "least": min(counts), "most": max(counts)}
