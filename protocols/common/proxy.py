"""The PROXY protocol, versions 1 and 2: what a load balancer says of the client it speaks for.

Pure: bytes in, a `Proxied` out. Kept: HAProxy's "The PROXY protocol" (2.1 text header, 2.2 binary header). A header is
believed only when the listener's `proxies` names the network it came from; then it is *required*, since a proxy that
may or may not send one lets its clients write it. TLVs of version 2 are skipped. UNKNOWN and LOCAL mean the proxy
speaks for itself (health checks).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_V1_MOST = 107  # "the worst case … is 107 characters", §2.1
_V2_MOST = 16 + 2048  # §2.2 lets TLVs grow to 65,535; nobody sends 2 KiB of them
_V1 = re.compile(
    rb"PROXY (?:UNKNOWN[ -~]*|TCP([46]) ([0-9A-Fa-f.:]{2,39}) ([0-9A-Fa-f.:]{2,39}) ([0-9]{1,5}) ([0-9]{1,5}))\r\n\Z"
)


class BadProxy(Exception):
    """The bytes are no PROXY header: the connection can only be closed."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A header and how many bytes it took. `client` is None when the proxy speaks for itself."""

    length: int
    client: tuple[str, int] | None
    reached: tuple[str, int] | None = None


def parse(data: bytes) -> Proxied | None:
    """Read the header at the start of `data`; None when more bytes are needed. Raises BadProxy."""
    if data.startswith(SIGNATURE[: len(data)]):
        return _binary(data) if len(data) >= len(SIGNATURE) else None
    if data.startswith(b"PROXY "[: len(data)]):
        return _text(data)
    raise BadProxy("neither version 1 nor version 2")


def _text(data: bytes) -> Proxied | None:
    end = data.find(b"\n", 0, _V1_MOST)
    if end < 0:
        if len(data) >= _V1_MOST:
            raise BadProxy("no end of line within 107 octets")
        return None
    found = _V1.match(data[: end + 1])
    if found is None:
        raise BadProxy("malformed version 1 header")
    if found[1] is None:
        return Proxied(end + 1, None)
    version = int(found[1])
    source, target = _address(found[2], version), _address(found[3], version)
    return Proxied(end + 1, (source, _port(found[4])), (target, _port(found[5])))


def _address(text: bytes, version: int) -> str:
    try:
        address = ip_address(text.decode("ascii"))
    except ValueError as error:
        raise BadProxy("malformed address") from error
    if address.version != version:
        raise BadProxy("address of another family")
    return str(address)


def _port(text: bytes) -> int:
    port = int(text)
    if port > 65535:
        raise BadProxy("port above 65535")
    return port


def _binary(data: bytes) -> Proxied | None:
    if len(data) < 16:
        return None
    version, command, family = data[12] >> 4, data[12] & 15, data[13]
    length = 16 + int.from_bytes(data[14:16])
    if version != 2 or command > 1:
        raise BadProxy("unknown version or command")
    if length > _V2_MOST:
        raise BadProxy("header too long")
    if len(data) < length:
        return None
    if command == 0:  # LOCAL
        return Proxied(length, None)
    if family == 0x11:
        return _pairs(data, length, 4)
    if family == 0x21:
        return _pairs(data, length, 16)
    return Proxied(length, None)  # §2.2: other families are to be accepted and ignored


def _pairs(data: bytes, length: int, width: int) -> Proxied:
    if length < 16 + 2 * width + 4:
        raise BadProxy("address block too short")
    at = 16
    source = str(ip_address(data[at : at + width]))
    target = str(ip_address(data[at + width : at + 2 * width]))
    at += 2 * width
    return Proxied(length, (source, int.from_bytes(data[at : at + 2])), (target, int.from_bytes(data[at + 2 : at + 4])))
