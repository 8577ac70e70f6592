"""Feeding a Reader in three ways: whole, octet by octet, and with the next command behind."""

from protocols.imap.wire.literals import Chunk, Limits
from protocols.imap.wire.reader import AppendEnd, Bad, Continue, Event, Offer, Reader

NEXT = b"zz NOOP\r\n"


def drain(reader: Reader, events: list[Event], *, accept: bool = True) -> None:
    """All events there are; offers are accepted, or refused."""
    while (event := reader.next()) is not None:
        events.append(event)
        if isinstance(event, Offer):
            if accept:
                reader.accept()
            else:
                reader.refuse()


def whole(octets: bytes, *, utf8: bool = False, limits: Limits | None = None, accept: bool = True) -> list[Event]:
    reader = Reader(limits or Limits(), utf8=utf8)
    events: list[Event] = []
    reader.feed(octets)
    drain(reader, events, accept=accept)
    return events


def by_octet(octets: bytes, *, utf8: bool = False, limits: Limits | None = None, accept: bool = True) -> list[Event]:
    reader = Reader(limits or Limits(), utf8=utf8)
    events: list[Event] = []
    for at in range(len(octets)):
        reader.feed(octets[at : at + 1])
        drain(reader, events, accept=accept)
    return events


def shape(events: list[Event]) -> list[object]:
    """Events comparable with one another: chunks joined, errors by their words."""
    found: list[object] = []
    for event in events:
        match event:
            case Chunk(octets, left):
                if found and isinstance(found[-1], list) and found[-1][1]:
                    found[-1] = [found[-1][0] + octets, left]
                else:
                    found.append([octets, left])
            case Bad(error):
                found.append(("bad", error.tag, type(error).__name__, error.expected))
            case _:
                found.append(event)
    return found


def three_ways(octets: bytes, *, utf8: bool = False, limits: Limits | None = None, accept: bool = True) -> list[object]:
    """The events of `octets`, the same in all three ways."""
    first = shape(whole(octets, utf8=utf8, limits=limits, accept=accept))
    assert shape(by_octet(octets, utf8=utf8, limits=limits, accept=accept)) == first
    trailing = shape(whole(octets + NEXT, utf8=utf8, limits=limits, accept=accept))
    assert trailing[:-1] == first
    assert type(trailing[-1]).__name__ == "Noop"
    return first


__all__ = ["AppendEnd", "Bad", "Continue", "Offer", "by_octet", "drain", "shape", "three_ways", "whole"]
