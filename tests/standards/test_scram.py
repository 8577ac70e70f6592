"""SCRAM-SHA-256: the example of RFC 7677, both sides against each other, and every way to get it wrong."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.standards.sasl import scram
from mailplatform.standards.sasl.plain import BadResponse

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
KNOWN = scram.verifier(b"pencil", SALT, 4096)
CLIENT_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def _server() -> scram.Server:
    return scram.Server(scram.client_first(CLIENT_FIRST), SALT, 4096, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")


def test_the_example_of_rfc_7677():
    server = _server()
    assert server.challenge == SERVER_FIRST
    assert server.finish(CLIENT_FINAL, [KNOWN]) == (0, SERVER_FINAL)
    client = scram.Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO")
    assert client.first == CLIENT_FIRST
    assert client.final(SERVER_FIRST) == CLIENT_FINAL
    assert client.is_server(SERVER_FINAL)


def test_one_of_several_secrets():
    others = [scram.verifier(secret, SALT, 4096) for secret in (b"pen", b"paper")]
    assert _server().finish(CLIENT_FINAL, [*others, KNOWN]) == (2, SERVER_FINAL)
    assert _server().finish(CLIENT_FINAL, others) is None
    assert _server().finish(CLIENT_FINAL, []) is None


def test_a_secret_is_not_shown():
    assert repr(KNOWN) == "Verifier()"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"n,,",
        b"n=user,r=abcdefghij",
        b"n,,n=,r=abcdefghij",
        b"n,,n=user,r=short",
        b"n,,n=us=er,r=abcdefghij",
        b"n,,n=user,r=with space",
        b"n,,n=user,r=" + b"a" * 600,
        b"n,,m=x,n=user,r=abcdefghij",
        b"p=tls-exporter,,n=user,r=abcdefghij",
        b"q,,n=user,r=abcdefghij",
        b"n,,n=\xff,r=abcdefghij",
        b"n,,n=a\0b,r=abcdefghij",
        b"n,,n=" + b"u" * 300 + b",r=abcdefghij",
    ],
)
def test_bad_first_messages(bad: bytes):
    with pytest.raises(BadResponse):
        scram.client_first(bad)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"c=biws", b"c=eSws"),  # another GS2 header than at first
        (b"c=biws", b""),
        (b"$k0", b"$k1"),  # another nonce
        (b"p=dHzb", b"p=d!zb"),
        (b"dVQ=", b"dVQ"),
        (b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", b"p=AAAA"),
        (b"p=", b"q="),
    ],
)
def test_bad_final_messages(old: bytes, new: bytes):
    with pytest.raises(BadResponse):
        _server().finish(CLIENT_FINAL.replace(old, new), [KNOWN])


def test_a_wrong_proof_is_no_error_but_no():
    wrong = scram.Client("user", "pencils", "rOprNGfwEbeRWgbNEkqO").final(SERVER_FIRST)
    assert _server().finish(wrong, [KNOWN]) is None


@pytest.mark.parametrize(
    "bad",
    [
        SERVER_FIRST.replace(b"i=4096", b"i=4095"),
        SERVER_FIRST.replace(b"i=4096", b"i=999999999"),
        SERVER_FIRST.replace(b"rOpr", b"xOpr"),
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"e=other-error",
        b"",
    ],
)
def test_a_client_believes_no_false_server(bad: bytes):
    with pytest.raises(BadResponse):
        scram.Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO").final(bad)


def test_a_client_checks_the_last_word():
    client = scram.Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO")
    assert not client.is_server(SERVER_FINAL)  # nothing was proved yet
    client.final(SERVER_FIRST)
    assert not client.is_server(b"v=AAAA")
    assert not client.is_server(b"e=invalid-proof")


@settings(max_examples=20)
@given(st.text(min_size=1, max_size=30).filter(lambda t: "\0" not in t), st.text(min_size=1, max_size=30))
def test_both_sides_understand_each_other(login: str, secret: str):
    login, prepared = scram.prepared(login).decode(), scram.prepared(secret)
    client = scram.Client(login, secret, "client-nonce")
    first = scram.client_first(client.first)
    assert first.login == login
    server = scram.Server(first, b"salt", 4096, "server-nonce")
    proved = server.finish(client.final(server.challenge), [scram.verifier(prepared, b"salt", 4096)])
    assert proved is not None and client.is_server(proved[1])


@given(st.binary(max_size=200))
def test_any_octets_are_answered_or_refused(data: bytes):
    for read in (scram.client_first, lambda d: _server().finish(d, [KNOWN]), scram.Client("u", "p", "nonce-nonce").final):
        try:
            assert not read(data) or isinstance(read(data), scram.ClientFirst)
        except BadResponse as error:
            assert str(error)
