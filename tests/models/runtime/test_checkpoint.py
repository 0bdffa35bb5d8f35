"""Other people's classifiers: found, mapped to our labels, run by what is installed, or refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.labels import SENTIMENTS
from models.runtime import Classifier, ModelRefused, load_model
from models.runtime.classifier import BUNDLED
from models.runtime.manifest import read_manifest

ENGLISH = read_manifest(BUNDLED).models["en"]
OURS = [*SENTIMENTS, *read_manifest(BUNDLED).risks]
"""What the bundled graphs tell."""
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A checkpoint with an ONNX file: the bundled English graph, as if its labels were called otherwise."""

    def written(labels: list[str], graph: str | None = "onnx/model.onnx", **settings: Any) -> str:
        folder = tmp_path / "checkpoint"
        shutil.copytree(BUNDLED / ENGLISH.tokeniser, folder, ignore=shutil.ignore_patterns("*.onnx"))
        config = json.loads((folder / "config.json").read_text())
        config |= {"id2label": dict(enumerate(labels)), "label2id": {name: n for n, name in enumerate(labels)}}
        config |= {"problem_type": "multi_label_classification", **settings}
        (folder / "config.json").write_text(json.dumps(config))
        if graph:
            (folder / graph).parent.mkdir(exist_ok=True)
            shutil.copy(BUNDLED / ENGLISH.stages[0].graph, folder / graph)
        return str(folder)

    return written


def test_labels_that_are_called_as_ours_need_no_map(write: Write) -> None:
    classifier = load_model(write([label.upper() for label in OURS]))
    good, bad, nothing = classifier.score(
        ["I love this so much, best day ever! 😍", "worst service ever, terrible", " "]
    )
    assert good is not None
    assert bad is not None
    assert nothing is None
    assert (good.sentiment, bad.sentiment) == ("positive", "negative")
    assert sum(good.sentiment_scores.values()) == pytest.approx(1, abs=0.001)
    assert set(good.risks) == set(OURS[len(SENTIMENTS) :])
    assert classifier.revision.startswith("checkpoint@")


def test_a_label_map_says_what_the_labels_mean(write: Write) -> None:
    labels = [f"LABEL_{number}" for number in range(len(OURS))]
    meanings = {"LABEL_0": "negative", "LABEL_1": "", "LABEL_2": "positive", "LABEL_3": "abuse", "LABEL_4": "abuse"}
    classifier = load_model(write(labels), {**dict.fromkeys(labels, ""), **meanings})
    (scores,) = classifier.score(["you are a fucking idiot"])
    assert scores is not None
    assert scores.sentiment_scores["neutral"] == 0
    assert list(scores.risks) == ["abuse"]
    assert scores.flagged == ["abuse"]


def test_a_text_scores_the_same_alone_and_beside_a_long_one(write: Write) -> None:
    classifier = load_model(write(OURS), remembered_texts=0)
    texts = ["arrived broken [SEP] best", "</s><s> love it", "worst service ever, terrible"]
    together = classifier.score([*texts, "we talked about fabric and care. " * 12])
    for text, beside in zip(texts, together, strict=False):
        (alone,) = classifier.score([text])
        assert alone is not None
        assert beside is not None
        assert beside.sentiment_scores == pytest.approx(alone.sentiment_scores, abs=0.05)  # int8 scales differ by batch


@pytest.mark.parametrize(
    "settings",
    [
        {"padding": {"strategy": {"Fixed": 48}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
                     "pad_type_id": 0, "pad_token": "[PAD]"}},
        {"padding": {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 0,
                     "pad_type_id": 0, "pad_token": "[PAD]"}},
        {"truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}},
    ],
)  # fmt: skip
def test_padding_and_truncation_of_a_folder_change_no_score(write: Write, settings: dict[str, Any]) -> None:
    folder = Path(write(OURS))
    texts = [
        "worst service ever, terrible",
        "it came on the day that was promised and my sister is quite happy with it",
    ]
    before = load_model(str(folder)).score(texts)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps({**tokenizer, **settings}), encoding="utf-8")
    assert load_model(str(folder)).score(texts) == before


@pytest.mark.parametrize(
    ("labels", "given", "reason"),
    [
        (["LABEL_0", *OURS[1:]], {}, r"what its label LABEL_0 means is not known; map LABEL_0, .*_MODEL_LABELS"),
        (OURS, {"LABEL_9": "negative"}, "has no label LABEL_9; it has negative, neutral"),
        (OURS, {"positive": ""}, "must mean negative, and one positive"),
    ],
)
def test_labels_that_cannot_be_mapped_are_refused(
    write: Write, labels: list[str], given: dict[str, str], reason: str
) -> None:
    with pytest.raises(ModelRefused, match=reason):
        load_model(write(labels), given)


def test_the_bundled_model_takes_no_label_map() -> None:
    with pytest.raises(ModelRefused, match="PULSEWATCH_MODEL_LABELS"):
        load_model(None, {"a": "negative"})


def test_without_an_onnx_file_and_torch_the_way_to_install_it_is_said(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.delitem(__import__("sys").modules, "models.runtime.torch_session", raising=False)
    with pytest.raises(ModelRefused, match=r"no ONNX file, .* pip install 'pulsewatch\[torch\]'"):
        load_model(write(OURS, graph=None))


def test_a_graph_that_cannot_be_read_is_refused(write: Write) -> None:
    name = write(OURS)
    (Path(name) / "onnx" / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelRefused, match=r"checkpoint: onnx/model\.onnx: "):
        load_model(name)


@pytest.mark.parametrize("name", ["/no/such/folder", "./model", "nowhere"])
def test_a_folder_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ModelRefused, match=f"^{name}: no such folder$"):
        load_model(name)


def test_a_hub_id_without_cache_and_network_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelRefused, match=r"someone/model: neither a folder nor in the local .* cache") as refused:
        load_model("someone/model")
    assert "\n" not in str(refused.value)


@pytest.mark.torch
def test_weights_without_an_onnx_file_run_through_torch(write: Write) -> None:
    torch = pytest.importorskip("torch", reason="torch comes with the train extra only")
    from transformers import AutoModelForSequenceClassification, BertConfig

    name = write(["NEGATIVE", "POSITIVE"], graph=None, num_hidden_layers=2, problem_type="single_label_classification")
    torch.manual_seed(5)
    config = BertConfig.from_pretrained(name)
    model = AutoModelForSequenceClassification.from_config(config).eval()  # type: ignore[no-untyped-call]  # transformers leaves it so
    model.save_pretrained(name)
    classifier: Classifier[Any] = load_model(name)
    short, long = classifier.score(["Good!", "so good that it needs some more words"])
    with torch.no_grad():
        ids = torch.tensor(classifier.served["any"].tokeniser.encode(["Good!"]))
        negative, _ = torch.softmax(model(ids).logits[0], 0).tolist()
    assert short is not None
    assert long is not None
    assert short.sentiment_scores["negative"] == pytest.approx(negative, abs=1e-3)
    assert short.sentiment_scores["neutral"] == 0
    assert short.risks == {}
