"""Reports others write: the examples of RFC 3464 and RFC 6533, and what is no report."""

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.dsn.parse import read
from mailplatform.standards.dsn.words import Action
from mailplatform.standards.dsn.xtext import TypedAddress
from tests.standards.samples import MIXED, PLAIN


def _report(machine: str, returned: str = "", kind: str = "delivery-status") -> bytes:
    text = (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="RAA14128.773615765/CS.UTK.EDU"\n\n'
        "--RAA14128.773615765/CS.UTK.EDU\n\nWords.\n\n"
        f"--RAA14128.773615765/CS.UTK.EDU\ncontent-type: message/{kind}\n\n{machine}\n"
        f"--RAA14128.773615765/CS.UTK.EDU\ncontent-type: message/rfc822\n\n{returned}\n"
        "--RAA14128.773615765/CS.UTK.EDU--\n"
    )
    return text.replace("\n", "\r\n").encode()


def test_the_simple_example_of_rfc_3464():
    found = read(
        _report(
            "Reporting-MTA: dns; cs.utk.edu\n\n"
            "Original-Recipient: rfc822;louisl@larry.slip.umd.edu\n"
            "Final-Recipient: rfc822;louisl@larry.slip.umd.edu\n"
            "Action: failed\nStatus: 4.0.0\n"
            "Diagnostic-Code: smtp; 426 connection timed out\n"
            "Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\n",
            "Message-ID: <orig@cs.utk.edu>\nSubject: x\n\nbody\n",
        )
    )
    assert found is not None and found.reporting_host == "cs.utk.edu" and found.message_id == "<orig@cs.utk.edu>"
    (one,) = found.recipients
    assert one.final == one.original == TypedAddress("rfc822", "louisl@larry.slip.umd.edu")
    assert (one.action, one.status, one.diagnostic) == (Action.FAILED, "4.0.0", "426 connection timed out")
    assert one.last_attempt is not None and one.last_attempt.isoformat() == "1994-07-07T21:15:49+00:00"
    assert not one.permanent


def test_several_recipients_and_odd_spacing():
    found = read(
        _report(
            "Reporting-MTA: dns; cs.utk.edu\n \n"
            "Original-Recipient: rfc822;arathib@vnet.ibm.com\nFinal-Recipient: rfc822;arathib@vnet.ibm.com\n"
            "Action: failed\nStatus: 5.0.0 (permanent failure)\nDiagnostic-Code: smtp; 550 'arathib@vnet.IBM.COM' is not a\n"
            " registered gateway user\nRemote-MTA: dns; vnet.ibm.com\n\n\n"
            "Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com\nAction: DELAYED\nStatus: 4.0.0 (host name lookup)\n\n"
            "Final-Recipient: rfc822;wsnell@sdcc13.ucsd.edu\nAction: mangled\nStatus: none\n"
        )
    )
    assert found is not None
    first, second, third = found.recipients
    assert (first.status, first.remote_host, first.permanent) == ("5.0.0", "vnet.ibm.com", True)
    assert first.diagnostic == "550 'arathib@vnet.IBM.COM' is not a registered gateway user"
    assert (second.action, second.status) == (Action.DELAYED, "4.0.0")
    assert (third.action, third.status) == (None, "")


def test_beyond_ascii():
    found = read(
        _report(
            "Reporting-MTA: dns; x.test\n\nFinal-Recipient: utf-8; josé@example.test\nAction: failed\nStatus: 5.1.1\n",
            kind="global-delivery-status",
        )
    )
    assert found is not None and found.recipients[0].final == TypedAddress("utf-8", "josé@example.test")


def test_what_is_no_report():
    assert read(PLAIN) is read(MIXED) is read(b"") is None
    assert read(_report("", kind="rfc822")) is None
    assert read(_report("Reporting-MTA: dns; x.test\n")) is None


@given(st.binary(max_size=300))
def test_any_machine_part(data: bytes):
    raw = _report("@@").replace(b"@@", data)
    found = read(raw)
    assert found is None or found.recipients
