"""Token ids from a local tokeniser folder, one text's failure at a time.

The tokeniser is Rust: on some texts it can panic, which arrives as pyo3's ``PanicException``, a ``BaseException`` that
``except Exception`` lets through. Such a text gets no ids; the texts beside it keep theirs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

# Read by transformers at its import: without torch it warns that no models are available, but ONNX Runtime runs ours.
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")

import msgspec
from tokenizers import normalizers
from transformers import AutoConfig, AutoTokenizer

logger = logging.getLogger(__name__)


class Encoding(Protocol):
    """What the Rust tokeniser returns for a text."""

    @property
    def ids(self) -> list[int]: ...


class Backend(Protocol):
    """The part of ``tokenizers.Tokenizer`` that is used here; a text with special tokens added."""

    def encode_batch(self, texts: list[str]) -> Sequence[Encoding]: ...


class Tokeniser:
    """Token ids of texts in model form, at most ``max_tokens`` each, the opening and closing tokens among them."""

    def __init__(self, backend: Backend, max_tokens: int) -> None:
        self._backend = backend
        self._max_tokens = max_tokens

    def encode(self, texts: Sequence[str]) -> list[list[int] | None]:
        """One list of ids a text, in order; None where the tokeniser fails on a text."""
        try:
            return [self._cut(encoding.ids) for encoding in self._backend.encode_batch(list(texts))]
        except BaseException as error:
            if not _is_tokeniser_failure(error):
                raise
            if len(texts) == 1:
                logger.warning(
                    "The tokeniser failed on a text of %d characters: %s", len(texts[0]), type(error).__name__
                )
                return [None]
        return [ids for text in texts for ids in self.encode([text])]

    def _cut(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self._max_tokens else [*ids[: self._max_tokens - 1], ids[-1]]


def load_tokeniser(folder: Path, max_tokens: int) -> Tokeniser:
    """The tokeniser of a local folder (config.json, tokenizer.json); never looks anywhere else.

    Raises:
        ValueError: ``max_tokens`` is more than the encoder has positions for.
    """
    positions = AutoConfig.from_pretrained(folder, local_files_only=True).max_position_embeddings
    if max_tokens > positions:
        raise ValueError(f"{folder}: {max_tokens} tokens, but the encoder has {positions} positions")
    backend = AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer
    backend.no_padding()  # what a folder's settings add or cut here, the attention mask would not know
    backend.no_truncation()
    _take_special_tokens_as_text(backend)
    return Tokeniser(backend, max_tokens)


def _take_special_tokens_as_text(backend: Any) -> None:
    """`[SEP]` and `</s>` in a text are words that somebody wrote.

    A SentencePiece model has them among its pieces too, as the best of all: there a space parts their first sign.
    """
    backend.encode_special_tokens = True
    special = {token.content for token in backend.get_added_tokens_decoder().values() if token.special}
    pieces = [
        written
        for written in sorted({*special, *(token.lower() for token in special)})
        if len(written) > 1 and written in backend.encode(f"a {written}a", add_special_tokens=False).tokens
    ]
    if pieces:
        before = [] if backend.normalizer is None else [backend.normalizer]
        apart = [normalizers.Replace(written, f"{written[0]} {written[1:]}") for written in pieces]
        backend.normalizer = normalizers.Sequence([*before, *apart])


class _Vocabulary(msgspec.Struct):
    vocab: dict[str, int]


class _TokeniserFile(msgspec.Struct):
    model: _Vocabulary


def words_of(folder: Path) -> frozenset[str]:
    """The whole words that a tokeniser knows."""
    vocabulary = msgspec.json.decode((folder / "tokenizer.json").read_bytes(), type=_TokeniserFile).model.vocab
    return frozenset(word for word in vocabulary if word.isalpha())


def _is_tokeniser_failure(error: BaseException) -> bool:
    """Ordinary errors and Rust panics; not a shutdown. The panic's class cannot be imported, it is made in Rust."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
