"""Keys, scopes, rates and signatures."""

import hashlib
import hmac
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.ingest.http.body import Refused
from streams.ingest.http.keys import Bucket, Senders, new_key, read_senders

SECRET = b"a secret of enough bytes"


def senders(folder: Path, text: str) -> Senders:
    (folder / "secret").write_bytes(SECRET + b"\n")
    (folder / "keys.yaml").write_text(text)
    return read_senders(folder / "keys.yaml")


def signed(timestamp: str, body: bytes, secret: bytes = SECRET) -> str:
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def test_key_is_known_by_its_hash_alone(tmp_path: Path) -> None:
    key, digest = new_key()
    held = senders(tmp_path, f"keys: [{{name: shop, sha256: {digest}}}]")
    assert held.by_key(key).name == "shop"
    with pytest.raises(Refused, match="not known"):
        held.by_key(digest)


def test_signature_lets_in_once_and_within_its_time(tmp_path: Path) -> None:
    held = senders(tmp_path, "keys: [{name: forms, webhook_secret_file: secret}]")
    signature = signed("1000", b"body")
    assert held.by_signature("forms", "1000", signature, b"body", 1100.0).name == "forms"
    assert held.by_signature("forms", "1000", signature, b"body", 1100.0), "what failed may come again"
    held.accepted(signature, 1100.0)
    with pytest.raises(Refused, match="came before"):
        held.by_signature("forms", "1000", signature, b"body", 1299.0)


@pytest.mark.parametrize(
    ("name", "timestamp", "signature", "now"),
    [
        ("forms", "1000", signed("1000", b"other"), 1000.0),
        ("forms", "1000", signed("1000", b"body", b"another secret of bytes"), 1000.0),
        ("nobody", "1000", signed("1000", b"body", b""), 1000.0),
        ("forms", "1000", signed("1000", b"body"), 1301.0),
        ("forms", "1000", signed("1000", b"body"), 699.0),
        ("forms", "²", signed("²", b"body"), 2.0),
        ("forms", "1000", "ü", 1000.0),
    ],
)
def test_wrong_old_and_future_signatures_are_refused(
    tmp_path: Path, name: str, timestamp: str, signature: str, now: float
) -> None:
    held = senders(tmp_path, "keys: [{name: forms, webhook_secret_file: secret}]")
    with pytest.raises(Refused) as refused:
        held.by_signature(name, timestamp, signature, b"body", now)
    assert refused.value.status == 401


def test_bucket_holds_a_second_and_fills_with_time() -> None:
    bucket = Bucket(10)
    assert bucket.take(10, 0.0) == 0
    assert bucket.take(1, 0.0) == pytest.approx(0.1)
    assert bucket.take(5, 0.5) == 0
    assert bucket.take(100, 2.0) == 0, "a request larger than a second's worth gets through alone"
    assert bucket.take(1, 3.0) > 5, "and is paid for afterwards"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keys: [{name: a}]", "needs either sha256 or webhook_secret_file"),
        ("keys: [{name: a, sha256: 12}]", "sha256"),
        ("keys: [{name: a, webhook_secret_file: missing}]", "cannot be read"),
        ("keys: [{name: a, webhook_secret_file: secret, kinds: [orders]}]", "kinds"),
        ("keys: [{name: a, webhook_secret_file: secret}, {name: a, webhook_secret_file: secret}]", "two keys"),
        ("keys: [", "keys.yaml"),
        ("", "keys.yaml"),
    ],
)
def test_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        senders(tmp_path, text)
