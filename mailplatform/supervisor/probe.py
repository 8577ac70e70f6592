"""Whether a door answers: connect like a client, and read the greeting that its protocol begins with. And whether Valkey does."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from mailplatform.settings.service import Listener

_GREETINGS = {"smtp": b"220 ", "imap": b"* OK", "pop3": b"+OK", "http": b"HTTP/1."}
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def answers(listener: Listener, greeting: str, *, proxies: tuple[str, ...] = (), timeout: float = 3.0) -> str:
    """ "" when it answers as it should, else why not, in words.

    proxies: networks that must begin with a PROXY header; when we connect from one of them, we send one.
    """
    host = _LOOPBACK.get(listener.host, listener.host)
    try:
        with _connection(listener, host, timeout) as plain:
            if not listener.is_unix and any(ipaddress.ip_address(host) in ipaddress.ip_network(network) for network in proxies):
                plain.sendall(b"PROXY UNKNOWN\r\n")
            said = _exchange(plain, listener, greeting, timeout)
    except (OSError, ssl.SSLError) as error:
        return f"{listener.place}: {error}"
    expected = _GREETINGS[greeting]
    return "" if said.startswith(expected) else f"{listener.place}: greeting is {said[:60]!r}"


def _connection(listener: Listener, host: str, timeout: float) -> socket.socket:
    if not listener.is_unix:
        return socket.create_connection((host, listener.port), timeout)
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(timeout)
    try:
        one.connect(listener.host)
    except OSError:
        one.close()
        raise
    return one


def _exchange(plain: socket.socket, listener: Listener, greeting: str, timeout: float) -> bytes:
    if listener.tls != "implicit":
        return _greeting(plain, greeting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # is it alive, not: who is it
    with context.wrap_socket(plain, server_hostname=None) as wrapped:
        wrapped.settimeout(timeout)
        return _greeting(wrapped, greeting)


def _greeting(stream: socket.socket, greeting: str) -> bytes:
    if greeting == "http":
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = b""
    while b"\n" not in said and len(said) < 4096 and (more := stream.recv(1024)):
        said += more
    if greeting == "http" or not said:
        return said
    stream.sendall(b"QUIT\r\n" if greeting in ("smtp", "pop3") else b"a LOGOUT\r\n")
    return said


def valkey_answers(url: str, *, timeout: float = 1.0) -> str:
    """ "" when a Valkey or Redis answers PING, else why not, in words. One that asks for a password answers too.

    url: unix:///path?db=0, redis://host:port/0 or rediss://.
    """
    said = urlsplit(url)
    try:
        with _to_valkey(said.scheme, said.path, said.hostname or "localhost", said.port or 6379, timeout) as stream:
            stream.settimeout(timeout)
            stream.sendall(b"PING\r\n")
            word = stream.recv(64)
    except TimeoutError:
        return "no answer"
    except (OSError, ssl.SSLError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return "" if word.startswith((b"+PONG", b"-NOAUTH")) else f"it said {word[:40]!r}"


def _to_valkey(scheme: str, path: str, host: str, port: int, timeout: float) -> socket.socket:
    if scheme == "unix":
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout)
        try:
            stream.connect(path)
        except OSError:
            stream.close()
            raise
        return stream
    stream = socket.create_connection((host, port), timeout)
    if scheme != "rediss":
        return stream
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # is it alive, not: who is it
    return context.wrap_socket(stream)
