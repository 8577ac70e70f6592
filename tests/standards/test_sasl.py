"""SASL PLAIN (RFC 4616), LOGIN, and their base64 in line protocols."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.sasl import encoding, login, plain
from mailplatform.standards.sasl.plain import BadResponse, Credentials


def test_the_examples_of_rfc_4616():
    assert plain.parse(b"\0tim\0tanstaaftanstaaf") == Credentials("tim", b"tanstaaftanstaaf")
    assert plain.parse(b"Ursel\0Kurt\0xipj3plmq") == Credentials("Kurt", b"xipj3plmq", "Ursel")


@pytest.mark.parametrize(
    "bad", [b"", b"\0", b"a\0b", b"\0\0x", b"\0a\0", b"\0a\0b\0c", b"\0\xff\0x", b"\0" + b"a" * 300 + b"\0x"]
)
def test_bad_responses(bad: bytes):
    with pytest.raises(BadResponse) as refused:
        plain.parse(bad)
    assert bad.decode("latin-1").strip("\0") not in str(refused.value) or len(bad) < 5


def test_a_password_is_not_shown():
    assert "secret" not in repr(plain.parse(b"\0anna\0secret"))


@given(
    st.text(min_size=1, max_size=50).filter(lambda text: "\0" not in text), st.binary(min_size=1).filter(lambda b: b"\0" not in b)
)
def test_round_trip(name: str, password: bytes):
    credentials = Credentials(name, password)
    assert plain.parse(plain.response(credentials)) == credentials


def test_login():
    assert login.credentials(b"anna@x", b"pass word") == Credentials("anna@x", b"pass word")
    for one, other in ((b"", b"x"), (b"x", b""), (b"\xff", b"x"), (b"a\0b", b"x"), (b"a", b"x" * 2000)):
        with pytest.raises(BadResponse):
            login.credentials(one, other)


def test_lines():
    assert encoding.read(encoding.write(b"\0a\0b")) == b"\0a\0b"
    assert encoding.read(b"=", initial=True) == b""
    assert encoding.read(b"") == b""
    with pytest.raises(encoding.Cancelled):
        encoding.read(b"*")
    for bad in (b"=", b"a", b"ab=", b"a b=", b"ab==cd", b"\xff", b"A" * 20000):
        with pytest.raises(BadResponse):
            encoding.read(bad)
