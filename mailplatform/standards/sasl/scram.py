"""SCRAM-SHA-256: proving a secret to each other without sending it, the server's side and the client's.

Standards: RFC 5802 (the exchange), RFC 7677 (SHA-256, at least 4096 iterations). Pure: nonces are parameters.
Invariants: proofs are compared in constant time, all verifiers of a user each time; an exchange has one nonce, and an answer of
another is refused; nothing of a secret is shown by repr.
Known gaps: no channel binding (-PLUS is not offered); a name or secret beyond ASCII is prepared by NFKC and no more, where
RFC 4013 also forbids and maps some characters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailplatform.standards.sasl.plain import BadResponse

MECHANISM = "SCRAM-SHA-256"
LEAST_ITERATIONS = 4096  # RFC 7677 §4
_MOST_ITERATIONS = 10_000_000  # what a client will compute for a server it does not know
_MOST = 4096  # octets of one message
_NONCE = re.compile(r"[!-+\--~]{8,512}\Z")  # printable, no comma (RFC 5802 §7)
_GS2 = re.compile(r"(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]*))?,")
_CLIENT_FIRST = re.compile(r"n=([^,]*),r=([^,]*)(?:,(.*))?\Z", re.DOTALL)
_CLIENT_FINAL = re.compile(r"(c=([A-Za-z0-9+/=]*),r=([^,]*)(?:,[a-z]=[^,]*)*),p=([A-Za-z0-9+/=]+)\Z")
_SERVER_FIRST = re.compile(r"r=([^,]*),s=([A-Za-z0-9+/=]+),i=([0-9]{1,9})(?:,.*)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a server keeps of a secret (RFC 5802 §3)."""

    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


def verifier(secret: bytes, salt: bytes, iterations: int) -> Verifier:
    """StoredKey and ServerKey of a prepared secret."""
    salted = hashlib.pbkdf2_hmac("sha256", secret, salt, iterations)
    client_key = _hmac(salted, b"Client Key")
    return Verifier(hashlib.sha256(client_key).digest(), _hmac(salted, b"Server Key"))


def prepared(text: str) -> bytes:
    """A name or secret as it is hashed."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """A client's first message. authorisation: whom to act as, "" for oneself. bare: the message without its GS2 header."""

    login: str
    nonce: str
    authorisation: str
    gs2: str
    bare: str


def client_first(message: bytes) -> ClientFirst:
    """Read a client's first message (RFC 5802 §7). Raises BadResponse."""
    text = _text(message)
    header = _GS2.match(text)
    if header is None:
        raise BadResponse("expected a GS2 header")
    if header[1].startswith("p"):
        raise BadResponse("channel binding is not offered")
    bare = text[header.end() :]
    if bare.startswith("m="):
        raise BadResponse("mandatory extensions are not known")
    found = _CLIENT_FIRST.match(bare)
    if found is None or not _NONCE.match(found[2]):
        raise BadResponse("expected a name and a nonce")
    login, authorisation = _name(found[1]), _name(header[2] or "")
    if not login or len(login) > 255 or len(authorisation) > 255:
        raise BadResponse("login is empty or too long")
    return ClientFirst(login, found[2], authorisation, header[0], bare)


class Server:
    """The server's side of one exchange, from a client's first message on. nonce: fresh, at least 18 random octets as text."""

    def __init__(self, first: ClientFirst, salt: bytes, iterations: int, nonce: str) -> None:
        self.login = first.login
        self._first = first
        self._nonce = first.nonce + nonce
        self.challenge = f"r={self._nonce},s={_base64(salt)},i={iterations}".encode("ascii")

    def finish(self, response: bytes, verifiers: Sequence[Verifier]) -> tuple[int, bytes] | None:
        """Which of the verifiers the client proved to hold, and the server's last message; None when it is none of them.

        Raises BadResponse.
        """
        found = _CLIENT_FINAL.match(_text(response))
        if found is None:
            raise BadResponse("expected channel binding, nonce and proof")
        if found[2] != _base64(self._first.gs2.encode()):
            raise BadResponse("channel binding does not match")
        if not hmac.compare_digest(found[3].encode(), self._nonce.encode()):
            raise BadResponse("the nonce is another's")
        proof = _unbase64(found[4])
        if len(proof) != 32:
            raise BadResponse("the proof has not the length of a proof")
        said = b",".join((self._first.bare.encode(), self.challenge, found[1].encode()))
        right: tuple[int, bytes] | None = None
        for number, known in enumerate(verifiers):
            client_key = _xor(proof, _hmac(known.stored_key, said))
            if hmac.compare_digest(hashlib.sha256(client_key).digest(), known.stored_key) and right is None:
                right = number, b"v=" + _base64(_hmac(known.server_key, said)).encode()
        return right


class Client:
    """The client's side of one exchange. nonce: fresh, printable, without comma."""

    def __init__(self, login: str, secret: str, nonce: str, authorisation: str = "") -> None:
        self._secret = prepared(secret)
        self._nonce = nonce
        self._gs2 = f"n,{'a=' + _escaped(authorisation) if authorisation else ''},"
        self._bare = f"n={_escaped(prepared(login).decode('utf-8', 'surrogatepass'))},r={nonce}"
        self._signature = b""
        self.first = (self._gs2 + self._bare).encode("utf-8", "surrogatepass")

    def final(self, challenge: bytes) -> bytes:
        """The answer to the server's first message. Raises BadResponse."""
        found = _SERVER_FIRST.match(_text(challenge))
        if found is None or not found[1].startswith(self._nonce) or len(found[1]) <= len(self._nonce):
            raise BadResponse("the server's message is not of this exchange")
        iterations = int(found[3])
        if not LEAST_ITERATIONS <= iterations <= _MOST_ITERATIONS:
            raise BadResponse("the server asks for too few iterations, or too many")
        salted = hashlib.pbkdf2_hmac("sha256", self._secret, _unbase64(found[2]), iterations)
        client_key = _hmac(salted, b"Client Key")
        without = f"c={_base64(self._gs2.encode())},r={found[1]}"
        said = b",".join((self._bare.encode("utf-8", "surrogatepass"), challenge, without.encode()))
        proof = _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), said))
        self._signature = _hmac(_hmac(salted, b"Server Key"), said)
        return f"{without},p={_base64(proof)}".encode()

    def is_server(self, message: bytes) -> bool:
        """Whether the server's last message proves that it knows the verifier. Raises BadResponse."""
        text = _text(message)
        if not text.startswith("v=") or not self._signature:
            return False
        return hmac.compare_digest(_unbase64(text[2:].partition(",")[0]), self._signature)


def _text(message: bytes) -> str:
    if len(message) > _MOST:
        raise BadResponse("the message is too long")
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadResponse("messages are UTF-8") from error
    if "\x00" in text:
        raise BadResponse("the message holds NUL")
    return text


def _name(text: str) -> str:
    """Undo the saslname form: `=2C` is a comma, `=3D` an equals sign, and no other = may stand."""
    if "=" in text:
        if re.search("=(?!2C|3D)", text):
            raise BadResponse("a name is not well escaped")
        text = text.replace("=2C", ",").replace("=3D", "=")
    return text


def _escaped(text: str) -> str:
    return text.replace("=", "=3D").replace(",", "=2C")


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(32)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadResponse("not base64") from error
