"""Whether a door answers, in its own protocol."""

import socket
import threading
from collections.abc import Callable

import pytest

from mailplatform.settings.service import Listener
from mailplatform.supervisor.probe import answers


def serving(talk: Callable[[socket.socket], None]) -> Listener:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as client:
            client.settimeout(5)
            talk(client)
            client.recv(1024)

    threading.Thread(target=serve, daemon=True).start()
    return Listener("door", "127.0.0.1", listening.getsockname()[1])


@pytest.mark.parametrize(
    ("greeting", "line"),
    [
        ("smtp", b"220 mx ready\r\n"),
        ("imap", b"* OK ready\r\n"),
        ("pop3", b"+OK ready\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
    ],
)
def test_a_greeting_is_an_answer(greeting, line):
    assert answers(serving(lambda client: client.sendall(line)), greeting) == ""


def test_another_protocol_is_none():
    said = answers(serving(lambda client: client.sendall(b"421 go away\r\n")), "smtp")
    assert said.endswith(r"greeting is b'421 go away\r\n'")


def test_nobody_there():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert "refused" in answers(Listener("door", "127.0.0.1", bound.getsockname()[1]), "smtp")


def test_a_door_behind_a_proxy_gets_its_header():
    heard: list[bytes] = []

    def talk(client: socket.socket) -> None:
        heard.append(client.recv(15))
        client.sendall(b"220 mx\r\n")

    assert answers(serving(talk), "smtp", proxies=("127.0.0.0/8",)) == ""
    assert heard == [b"PROXY UNKNOWN\r\n"]


def test_silence_is_no_answer():
    assert "timed out" in answers(serving(lambda client: client.recv(1)), "smtp", timeout=0.2)
