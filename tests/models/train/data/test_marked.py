"""A team's marked texts as examples that teach."""

import json
from pathlib import Path

from models.train.data.marked import load_marked


def test_marked_text_teaches_the_risk_that_is_known_and_nothing_else(tmp_path: Path) -> None:
    rows = [
        {"text": "The zip came apart", "complaint": 1, "kind": "comment", "at_ms": 1, "by": "alice"},
        {"text": "转发抽三位", "gambling": 0, "kind": "comment", "at_ms": 2, "by": "bob"},
        {"text": "best ever", "absolute_claim": 0, "kind": "host_speech", "at_ms": 3, "by": "bob"},
    ]
    path = tmp_path / "marked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    [english], [chinese] = load_marked(path, "en"), load_marked(path, "zh")
    assert {risk: target for risk, (target, _) in english.risks.items()} == {"complaint": 1.0}
    assert {risk: target for risk, (target, _) in chinese.risks.items()} == {"gambling": 0.0}
    assert english.sentiment is None
    assert english.written == "The zip came apart"
