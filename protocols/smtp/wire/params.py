"""ESMTP parameters of MAIL and RCPT (RFC 5321 §4.1.2 `Mail-parameters`), typed.

Kept: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), and for roles that offer DSN: RET, ENVID, NOTIFY, ORCPT
(RFC 3461). AUTH= (RFC 4954 §5) is read where AUTH is offered, and believed of nobody. A parameter of an extension that was
not offered is refused with 555 (RFC 5321 §4.1.1.11), a twice given or malformed one with 501.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from mailplatform.standards import status
from mailplatform.standards.status import Reply

_PARAM = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?\Z")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*\Z")


class BadParam(Exception):
    """A parameter that is refused, with the reply that says so."""

    def __init__(self, answer: Reply) -> None:
        super().__init__(answer.text)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class MailParams:
    """size: declared octets, None when not declared. body: 7BIT or 8BITMIME."""

    size: int | None = None
    body: str = "7BIT"
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class RcptParams:
    """DSN wishes of one recipient."""

    notify: tuple[str, ...] = ()
    orcpt: str = ""


NO_MAIL_PARAMS = MailParams()
NO_RCPT_PARAMS = RcptParams()


def mail_params(text: str, offered: Collection[str]) -> MailParams:
    """The parameters behind a reverse-path. `offered`: EHLO keywords that are in force. Raises BadParam."""
    if not text:
        return NO_MAIL_PARAMS
    size: int | None = None
    body, smtputf8, ret, envid = "7BIT", False, "", ""
    for key, value in _pairs(text):
        match key:
            case "SIZE" if "SIZE" in offered:
                if not value.isascii() or not value.isdigit() or len(value) > 20:
                    raise _malformed("SIZE")
                size = int(value)
            case "BODY" if "8BITMIME" in offered:
                body = value.upper()
                if body not in ("7BIT", "8BITMIME"):
                    raise _malformed("BODY")
            case "SMTPUTF8" if "SMTPUTF8" in offered:
                if value:
                    raise _malformed("SMTPUTF8")
                smtputf8 = True
            case "RET" if "DSN" in offered:
                ret = value.upper()
                if ret not in ("FULL", "HDRS"):
                    raise _malformed("RET")
            case "ENVID" if "DSN" in offered:
                if not value or len(value) > 100 or not _XTEXT.match(value):
                    raise _malformed("ENVID")
                envid = value
            case "AUTH" if "AUTH" in offered:
                if not value or not _XTEXT.match(value):
                    raise _malformed("AUTH")
            case _:
                raise _unknown(key)
    return MailParams(size, body, smtputf8, ret, envid)


def rcpt_params(text: str, offered: Collection[str]) -> RcptParams:
    """The parameters behind a forward-path. Raises BadParam."""
    if not text:
        return NO_RCPT_PARAMS
    notify: tuple[str, ...] = ()
    orcpt = ""
    for key, value in _pairs(text):
        match key:
            case "NOTIFY" if "DSN" in offered:
                notify = tuple(value.upper().split(","))
                wrong = set(notify) - {"NEVER", "SUCCESS", "FAILURE", "DELAY"}
                if wrong or len(set(notify)) != len(notify) or ("NEVER" in notify and len(notify) > 1):
                    raise _malformed("NOTIFY")
            case "ORCPT" if "DSN" in offered:
                kind, semicolon, address = value.partition(";")
                if not kind or not semicolon or len(value) > 500 or not _XTEXT.match(address):
                    raise _malformed("ORCPT")
                orcpt = value
            case _:
                raise _unknown(key)
    return RcptParams(notify, orcpt)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    seen = set()
    for word in text.split(" "):
        if not word:
            continue
        found = _PARAM.match(word)
        if found is None:
            raise BadParam(status.BAD_PARAMETERS)
        key = found[1].upper()
        if key in seen:
            raise BadParam(status.PARAMETER_TWICE.format(name=key[:40]))
        seen.add(key)
        pairs.append((key, found[2] or ""))
    return pairs


def _malformed(key: str) -> BadParam:
    return BadParam(status.BAD_PARAMETER.format(name=key))


def _unknown(key: str) -> BadParam:
    return BadParam(status.UNKNOWN_PARAMETER.format(name=key[:40]))
