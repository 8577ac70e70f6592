"""A CSV file of mailboxes, read and judged whole before anything is written, so that a fault in line 4,000 opens
nothing."""

import csv
import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, TextIO

from django.utils.translation import gettext

from mailplatform.directory import accounts, addresses, canonical, domains
from mailplatform.directory.accounts import NewAccount
from mailplatform.directory.values import AddressKind
from mailplatform.management.output import count, size
from mailplatform.runtime.errors import AlreadyExists, MailError, Malformed

COLUMNS = ("address", "name", "kind", "role", "quota", "quota_messages", "max_message_size", "language", "password")
_ALL_KINDS = tuple(AddressKind)


def read_accounts(path: str, *, skip_existing: bool = False, defaults: Mapping[str, Any]) -> tuple[list[NewAccount], list[str]]:
    """The rows of a file ('-': standard input) with a head line, and their passwords ('' for none).

    defaults: columns of NewAccount where a row says nothing. Raises Malformed or AlreadyExists naming line and field.
    """
    try:
        with nullcontext(sys.stdin) if path == "-" else open(path, encoding="utf-8-sig", newline="") as file:
            return _read(file, skip_existing, defaults)
    except OSError as error:
        words = gettext("file: %(path)s cannot be read: %(reason)s") % {"path": path, "reason": error.strerror}
        raise Malformed(words, subject="file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed(gettext("file: %(path)s is not CSV in UTF-8") % {"path": path}, subject="file") from error


def _read(file: TextIO, skip_existing: bool, defaults: Mapping[str, Any]) -> tuple[list[NewAccount], list[str]]:
    reader = csv.DictReader(file)
    for column in reader.fieldnames or ["(empty file)"]:
        if column not in COLUMNS:
            words = gettext("file: unknown column %(column)s; known are %(columns)s")
            raise Malformed(words % {"column": column, "columns": ", ".join(COLUMNS)}, subject="file")
    if "address" not in (reader.fieldnames or ()):
        raise Malformed(gettext("file: the column address is missing"), subject="file")
    rows: list[NewAccount] = []
    passwords: list[str] = []
    lines: dict[str, int] = {}
    names: dict[str, str] = {}
    for said in reader:
        try:
            row, text = _row(said, defaults, names)
            if text in lines:
                words = gettext("address: %(address)s stands already in line %(line)d") % {"address": text, "line": lines[text]}
                raise AlreadyExists(words, subject="address")
        except MailError as error:
            raise type(error)(_in_line(reader.line_num, error.public), subject=error.subject) from error
        lines[text] = reader.line_num
        rows.append(row)
        passwords.append((said.get("password") or "").strip("\r\n"))
    taken = _taken(lines)
    if taken and not skip_existing:
        first = min(taken, key=lines.__getitem__)
        words = gettext("address: %(address)s exists already") % {"address": first}
        raise AlreadyExists(_in_line(lines[first], words), subject="address")
    keep = [text not in taken for text in lines]
    return [r for r, k in zip(rows, keep, strict=True) if k], [p for p, k in zip(passwords, keep, strict=True) if k]


def _row(said: Mapping[str, Any], defaults: Mapping[str, Any], names: dict[str, str]) -> tuple[NewAccount, str]:
    """One row, and its canonical address. names: domain → the domain whose addresses it uses, as far as known."""
    if None in said or None in said.values():
        raise Malformed(gettext("file: not as many fields as the head line has"), subject="file")
    columns = dict(defaults)
    for field in ("name", "kind", "role", "language"):
        if said.get(field):
            columns[field] = said[field].strip()
    if said.get("quota"):
        columns["quota_bytes"] = size(said["quota"], "quota")
    if said.get("max_message_size"):
        columns["max_message_size"] = size(said["max_message_size"], "max_message_size")
    if said.get("quota_messages"):
        columns["quota_messages"] = count(said["quota_messages"], "quota_messages")
    row = NewAccount(said["address"].strip(), **columns)
    parts = canonical.split(row.address)
    if parts.domain not in names:
        domain = domains.get_domain(parts.domain)
        names[parts.domain] = domain.alias_of or domain.name
    text = canonical.address(parts.key, names[parts.domain])
    accounts.check(row, text)
    return row, text


def _taken(texts: Iterable[str]) -> set[str]:
    domains = {canonical.split(text).domain for text in texts}
    wanted = set(texts)
    return {
        info.address
        for domain in domains
        for info in addresses.list_addresses(domain=domain, kinds=_ALL_KINDS)
        if info.address in wanted
    }


def _in_line(line: int, words: str) -> str:
    return gettext("line %(line)d: %(words)s") % {"line": line, "words": words}
