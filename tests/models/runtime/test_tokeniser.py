"""A tokeniser that fails on a text loses that text's ids and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from models.runtime.classifier import BUNDLED
from models.runtime.tokeniser import Tokeniser, load_tokeniser


class PanicException(BaseException):
    """Stands for the class that pyo3 makes: a BaseException known by its name alone."""


@dataclass
class Ids:
    ids: list[int]


class Panicking:
    """Ids are the letters' code points; a text that contains the trigger brings the batch down."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def encode_batch(self, texts: list[str]) -> list[Ids]:
        if any("boom" in text for text in texts):
            raise self._error
        return [Ids([ord(letter) for letter in text]) for text in texts]


@pytest.mark.parametrize("error", [PanicException("rust"), ValueError("python")])
def test_a_panic_costs_one_text(error: BaseException) -> None:
    tokeniser = Tokeniser(Panicking(error), max_tokens=8)
    assert tokeniser.encode(["ab", "boom", "c"]) == [[97, 98], None, [99]]


def test_a_shutdown_is_no_tokeniser_failure() -> None:
    with pytest.raises(KeyboardInterrupt):
        Tokeniser(Panicking(KeyboardInterrupt()), max_tokens=8).encode(["boom"])


def test_a_long_text_keeps_its_closing_token() -> None:
    assert Tokeniser(Panicking(ValueError()), max_tokens=3).encode(["abcdef"]) == [[97, 98, 102]]


def test_bundled_tokenisers_know_emoji_as_words() -> None:
    unknown = 100
    for language in ("zh", "en"):
        (ids,) = load_tokeniser(BUNDLED / language, 64).encode(["😂 👍"])
        assert ids is not None
        assert unknown not in ids


@pytest.mark.parametrize("special", ["[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]"])
def test_a_special_token_that_somebody_wrote_is_text(special: str) -> None:
    for language in ("zh", "en"):
        tokeniser = load_tokeniser(BUNDLED / language, 64)
        (ids,) = tokeniser.encode([f"a {special} b"])
        assert ids is not None
        assert (ids[0], ids[-1]) == (101, 102)
        assert not {0, 101, 102, 103} & {*ids[1:-1]}


@pytest.mark.parametrize("special", ["<s>", "</s>", "<pad>", "<unk>", "<mask>"])
def test_a_special_token_that_is_a_piece_of_the_model_is_text_too(tmp_path: Path, special: str) -> None:
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = [(letter, -5.0) for letter in "</>abdkmnpsu"]
    backend = Tokenizer(models.Unigram([*((name, 0.0) for name in names), ("▁", -2.0), *letters], unk_id=3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.add_special_tokens(names)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    backend.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text('{"model_type": "xlm-roberta", "max_position_embeddings": 64}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    for text in (f"a {special} b", f"a{special}b", special):
        (ids,) = load_tokeniser(tmp_path, 32).encode([text])
        assert ids is not None
        assert (ids[0], ids[-1]) == (0, 2)
        assert not set(range(len(names))) & {*ids[1:-1]}


def test_more_tokens_than_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="positions"):
        load_tokeniser(BUNDLED / "zh", 4_096)
