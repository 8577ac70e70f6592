"""Rewritten senders: back and forth, by others' hands in between, and never for a stranger."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards import srs
from mailplatform.standards.address import parse

KEY = b"a key of the house"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_there_and_back():
    made = srs.forward("anna@example.test", "house.test", KEY, NOW)
    assert made.startswith("SRS0=") and made.endswith("=example.test=anna@house.test")
    assert srs.reverse(made, [KEY], NOW) == "anna@example.test"


def test_the_null_path_stays():
    assert srs.forward("", "house.test", KEY, NOW) == ""


def test_case_is_no_matter():
    made = srs.forward("Anna@example.test", "house.test", KEY, NOW)
    assert srs.reverse(made.lower(), [KEY], NOW) == "anna@example.test"
    assert srs.reverse(made.upper(), [KEY], NOW) == "ANNA@EXAMPLE.TEST"


def test_an_old_key_still_opens():
    made = srs.forward("anna@example.test", "house.test", b"old", NOW)
    assert srs.reverse(made, [KEY, b"old"], NOW) == "anna@example.test"
    with pytest.raises(srs.BadSrs):
        srs.reverse(made, [KEY], NOW)


@pytest.mark.parametrize("days", [0, 1, srs.DAYS])
def test_it_is_good_for_some_days(days: int):
    made = srs.forward("anna@example.test", "house.test", KEY, NOW)
    assert srs.reverse(made, [KEY], NOW + timedelta(days=days)) == "anna@example.test"


@pytest.mark.parametrize("days", [srs.DAYS + 1, 100, 1000])
def test_and_then_no_more(days: int):
    made = srs.forward("anna@example.test", "house.test", KEY, NOW)
    with pytest.raises(srs.BadSrs):
        srs.reverse(made, [KEY], NOW + timedelta(days=days))


def test_the_days_go_round():
    late = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=1023)
    made = srs.forward("anna@example.test", "house.test", KEY, late)
    assert srs.reverse(made, [KEY], late + timedelta(days=2)) == "anna@example.test"


def test_a_second_forwarder_makes_srs1():
    first = srs.forward("anna@example.test", "one.test", b"one", NOW)
    second = srs.forward(first, "two.test", b"two", NOW)
    third = srs.forward(second, "three.test", b"three", NOW)
    assert second.startswith("SRS1=") and "=one.test==" in second
    assert third.startswith("SRS1=") and "=one.test==" in third and len(third) <= len(second) + 2
    assert srs.reverse(third, [b"three"], NOW) == srs.reverse(second, [b"two"], NOW) == first
    assert srs.reverse(first, [b"one"], NOW) == "anna@example.test"


@pytest.mark.parametrize("separator", "+-=")
def test_other_separators_are_kept(separator: str):
    foreign = f"SRS0{separator}abcd=2W=example.test=anna@one.test"
    made = srs.forward(foreign, "two.test", KEY, NOW)
    assert srs.reverse(made, [KEY], NOW) == foreign


@pytest.mark.parametrize(
    "bad",
    [
        "anna@house.test",
        "SRS0@house.test",
        "SRS0=@house.test",
        "SRS0=AAAAAA=AA=example.test=anna@house.test",
        "SRS0=AAAAAA=A=example.test@house.test",
        "SRS1=AAAAAA=one.test==x@house.test",
        "SRS1=AAAAAA@house.test",
        "SRS0=é=AA=example.test=anna@house.test",
        "",
        "SRS0=x",
    ],
)
def test_strangers_are_refused(bad: str):
    with pytest.raises(srs.BadSrs):
        srs.reverse(bad, [KEY], NOW)


def test_a_changed_letter_is_refused():
    made = srs.forward("anna@example.test", "house.test", KEY, NOW)
    for at in range(5, len(made) - len("@house.test")):
        changed = made[:at] + ("x" if made[at].lower() != "x" else "y") + made[at + 1 :]
        with pytest.raises(srs.BadSrs):
            srs.reverse(changed, [KEY], NOW)


def test_what_cannot_be_written_is_refused():
    with pytest.raises(srs.TooLong):
        srs.forward("a" * 50 + "@example.test", "house.test", KEY, NOW)


LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)


@given(LOCAL, st.from_regex(r"[a-z0-9]{1,8}\.test", fullmatch=True), st.binary(min_size=1, max_size=40))
def test_any_sender_comes_back(local: str, domain: str, key: bytes):
    made = srs.forward(f"{local}@{domain}", "us.test", key, NOW)
    assert str(parse(made)) == made
    assert srs.reverse(made, [key], NOW) == f"{local}@{domain}"


@given(st.text(max_size=80))
def test_anything_else_is_refused_in_order(text: str):
    with pytest.raises(srs.BadSrs):
        srs.reverse(text, [KEY], NOW)
