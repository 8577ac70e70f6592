"""Hashes: what they accept, how many at once, and SCRAM verifiers by the RFC's own example."""

import base64
import fcntl
import hmac
import os
import threading

from mailplatform.access.credentials import app_password_hash, generated
from mailplatform.access.hashing import MACHINE, Hasher, keyed, prepared
from mailplatform.standards.sasl import scram


def a_hasher(**given) -> Hasher:
    return Hasher(**{"memory_bytes": 64 << 10, "passes": 1, "threads": 1, "cache_seconds": 60, **given})


def test_a_hash_is_argon2id_with_its_costs_and_own_salt():
    hashes = a_hasher(memory_bytes=128 << 10, passes=2)
    one, two = hashes.hash("correct horse"), hashes.hash("correct horse")
    assert one.startswith("$argon2id$v=19$m=128,t=2,p=1$") and one != two
    assert hashes.verify(one, "correct horse") and not hashes.verify(one, "wrong horse")
    assert not hashes.outdated(one) and a_hasher().outdated(one)


def test_what_is_no_hash_is_never_right():
    hashes = a_hasher()
    for encoded in ("", "x", "$argon2id$v=19$m=1$", hashes.decoy):
        assert not hashes.verify(encoded, "anything")
    assert hashes.outdated("x")


def test_belief_ends_with_time_and_never_crosses_passwords():
    hashes = a_hasher(cache_seconds=0)
    encoded = hashes.hash("one")
    assert hashes.verify(encoded, "one") and not hashes._good
    believing = a_hasher()
    assert believing.verify(encoded, "one") and len(believing._good) == 1
    assert not believing.verify(encoded, "two")
    assert not believing.verify(believing.hash("two"), "one")


def test_prepared_is_nfc_or_the_bytes_as_they_came():
    assert prepared("a\u0308") == prepared("ä") == prepared("ä".encode()) == "ä".encode()
    assert prepared(b"\xff") == b"\xff"


def test_the_machine_has_so_many_places(tmp_path):
    hashes = a_hasher(gates=tmp_path)
    taken = []
    for number in range(MACHINE):
        opened = os.open(tmp_path / f"hash.{number}", os.O_RDWR | os.O_CREAT)
        fcntl.flock(opened, fcntl.LOCK_EX)
        taken.append(opened)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (hashes.hash("x"), done.set()))
    thread.start()
    assert not done.wait(0.1)
    for opened in taken:
        os.close(opened)
    thread.join(10)
    assert done.is_set()


def test_without_a_home_there_is_no_machine_bound(tmp_path):
    assert a_hasher(gates=tmp_path / "missing").hash("x")


def test_generated_secrets_differ_and_are_typed_as_one_likes():
    drawn = {generated() for _ in range(100)}
    assert len(drawn) == 100 and all(len(one) == 19 for one in drawn)
    one = drawn.pop()
    assert app_password_hash(one) == app_password_hash(one.upper().replace("-", " ").encode())
    assert app_password_hash(one) != app_password_hash(drawn.pop())
    assert keyed(b"a", b"x") != keyed(b"b", b"x")


def test_scram_verifier_of_rfc_7677():
    """RFC 7677 §3: user "user", password "pencil", salt and count of the server's first message."""
    made = scram.verifier(b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = base64.b64encode(hmac.digest(made.server_key, message, "sha256"))
    assert signature == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
