"""Pseudonyms: ingest replaces every user id by a keyed hash, and no later stage ever sees the id.

Without the key a pseudonym cannot be made from an id, so a table of all ids does not undo it (pseudonymisation in the
sense of GDPR Art. 4(5) and 个人信息保护法 Art. 73(3)); with another key all people are new.
"""

from hashlib import blake2b

DIGEST_BYTES = 12
"""96 bits: among a billion people the chance that any two share a pseudonym is below one in ten billion."""


class Pseudonyms:
    """Makes pseudonyms with one key of at most 64 bytes."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=DIGEST_BYTES)

    def pseudonym(self, platform: str, user_id: str) -> str:
        """The user's pseudonym, 24 hexadecimal digits. The same id on two platforms gives two pseudonyms."""
        digest = self._keyed.copy()
        digest.update(f"{platform}\0{user_id}".encode(errors="surrogatepass"))
        return digest.hexdigest()
