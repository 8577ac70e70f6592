"""Secrets into hashes and back into yes or no. argon2id (RFC 9106) for what people choose, a keyed hash for what we
draw.

An argon2id hash costs 25 ms and 19 MiB on purpose, so it is computed under two bounds: so many at once in this
process, and eight on the machine, held as locked files in the home. A burst of sign-ins therefore queues here and
never starves delivery; callers that are async run this in a lane of their own. A password that was verified a moment
ago is believed for `cache_seconds` under a key drawn by this process; the entry names the very hash it was verified
against, so a changed password is never believed.
"""

import fcntl
import hashlib
import hmac
import logging
import os
import secrets
import threading
import time
import unicodedata
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret
from django.conf import settings

from mailplatform.runtime.errors import TemporarilyUnavailable

log = logging.getLogger(__name__)

MACHINE = 8
_CACHE_ENTRIES = 20_000
_WAIT_SECONDS = 20.0
_SALT_BYTES, _HASH_BYTES = 16, 32


def prepared(password: str | bytes) -> bytes:
    """The bytes that are hashed: UTF-8 of the NFC form (RFC 8265 §4.2.2), or the bytes as they came when they are not UTF-8."""
    try:
        text = password if isinstance(password, str) else password.decode("utf-8")
        return unicodedata.normalize("NFC", text).encode("utf-8")
    except UnicodeError:
        return password if isinstance(password, bytes) else password.encode("utf-8", "surrogatepass")


def keyed(key: bytes, secret: bytes) -> str:
    """The hash of a drawn secret; it has more than 80 bits, so slowness would protect nothing."""
    return hmac.new(key, secret, hashlib.sha256).hexdigest()


class Hasher:
    """argon2id under bounds.

    memory_bytes, passes: RFC 9106 §3.1 m and t (p is 1). threads: hashes at once in this process. gates: folder of the machine's
    lock files, None for no machine bound. cache_seconds: how long a verified password is believed.
    """

    def __init__(self, *, memory_bytes: int, passes: int, threads: int, cache_seconds: float, gates: Path | None = None) -> None:
        self._memory_kib, self._passes = memory_bytes // 1024, passes
        self._turns = threading.BoundedSemaphore(threads)
        self._gates = gates
        self._cache_seconds = cache_seconds
        self._cache_key = secrets.token_bytes(32)
        self._good: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()
        self.decoy = self._decoy()

    def hash(self, password: str | bytes) -> str:
        """A new encoded hash with its own salt. Raises TemporarilyUnavailable when the machine stays too busy."""
        with self._turn():
            return hash_secret(
                prepared(password), secrets.token_bytes(_SALT_BYTES), self._passes, self._memory_kib, 1, _HASH_BYTES, Type.ID
            ).decode("ascii")

    def verify(self, encoded: str, password: str | bytes) -> bool:
        """Whether the password is the one behind the hash. Raises TemporarilyUnavailable when the machine stays too busy."""
        secret = prepared(password)
        mark = hmac.digest(self._cache_key, encoded.encode() + b"\0" + secret, "sha256")
        if self._believed(mark):
            return True
        with self._turn():
            try:
                verify_secret(encoded.encode("ascii"), secret, Type.ID)
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        self._believe(mark)
        return True

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        try:
            said = extract_parameters(encoded)
        except InvalidHashError:
            return True
        return (said.memory_cost, said.time_cost, said.parallelism) != (self._memory_kib, self._passes, 1)

    def forget(self) -> None:
        """Believe nothing any more; what is verified next is hashed again."""
        with self._lock:
            self._good.clear()

    def _believed(self, mark: bytes) -> bool:
        with self._lock:
            until = self._good.get(mark)
            return until is not None and time.monotonic() < until

    def _believe(self, mark: bytes) -> None:
        if self._cache_seconds <= 0:
            return
        with self._lock:
            self._good[mark] = time.monotonic() + self._cache_seconds
            self._good.move_to_end(mark)
            while len(self._good) > _CACHE_ENTRIES:
                self._good.popitem(last=False)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_WAIT_SECONDS):
            raise TemporarilyUnavailable(private="too many passwords wait to be hashed")
        gate = -1
        try:
            try:
                gate = self._gate()
            except OSError:  # a gate that cannot be opened bounds nothing; people still come in
                log.warning("passwords: no place among the machine's hashes", exc_info=True)
            yield
        finally:
            if gate >= 0:
                os.close(gate)
            self._turns.release()

    def _gate(self) -> int:
        """One of the machine's places, as the descriptor of a locked file; the end of the process gives it back."""
        if self._gates is None or not self._gates.is_dir():
            return -1
        first = os.getpid() % MACHINE
        for number in [*range(first, MACHINE), *range(first)]:
            opened = os.open(self._gates / f"hash.{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(opened)
                continue
            return opened
        opened = os.open(self._gates / f"hash.{first}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(opened, fcntl.LOCK_EX)
        return opened

    def _decoy(self) -> str:
        """A hash of nothing: verifying against it costs what any other costs, and is never true."""
        salt, value = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES))
        return f"$argon2id$v=19$m={self._memory_kib},t={self._passes},p=1${salt}${value}"


@cache
def hasher() -> Hasher:
    """The one of this process, with the site's costs; made at first use, which is after the fork."""
    costs = settings.SITE.access
    return Hasher(
        memory_bytes=costs.hash_memory_bytes,
        passes=costs.hash_passes,
        threads=costs.hash_threads,
        cache_seconds=costs.cache_seconds,
        gates=settings.SITE.home / "run",
    )
