"""Certificates made for a test: an authority, servers' on loopback, clients' own."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


@dataclass(frozen=True)
class KeyPair:
    """PEM files."""

    certificate: Path
    key: Path
    both: Path
    """Key and certificate in one file, as Kafka reads them."""


class Authority:
    """Signs what its owners ask for; `ca` is what they trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca)

    def issue(self, *names: str) -> KeyPair:
        """A certificate for host names or addresses."""
        issued = self._authority.issue_cert(*names)
        stem = self._folder / names[0]
        pair = KeyPair(stem.with_suffix(".crt"), stem.with_suffix(".key"), stem.with_suffix(".pem"))
        issued.cert_chain_pems[0].write_to_path(pair.certificate)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # Java's only form
        pair.both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
        return pair
