"""SCRAM-SHA-256 verifiers (RFC 5802 §3, RFC 7677): what a server keeps so that a client can prove a secret without
sending it."""

import hashlib
import hmac
from dataclasses import dataclass

DRAWN_ITERATIONS = 4096  # RFC 7677 §4; enough for what we draw, whose 80 bits no dictionary holds
CHOSEN_ITERATIONS = 100_000


@dataclass(frozen=True, slots=True)
class Verifier:
    stored_key: bytes
    server_key: bytes


def verifier(secret: bytes, salt: bytes, iterations: int) -> Verifier:
    """StoredKey and ServerKey of a prepared secret."""
    salted = hashlib.pbkdf2_hmac("sha256", secret, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return Verifier(hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256"))
