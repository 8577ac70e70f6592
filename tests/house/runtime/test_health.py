"""What a process answers when it is asked how it is."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailplatform.runtime import health, requests
from mailplatform.settings import notify

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For sockets; no state of another test, and no thread left behind."""
    monkeypatch.setattr(health, "_current", health.Health("test", "0"))
    monkeypatch.setattr(health, "REMEMBERED", 0.0)
    serve, ends = health.serve, []
    monkeypatch.setattr(health, "serve", lambda mine, *given: (ends.append(mine), serve(mine, *given))[0])
    yield tmp_path
    for mine in ends:
        mine.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_ready_only_while_it_serves_and_has_what_it_needs(folder: Path) -> None:
    mine = health.begin("smtp", "0")
    away = ["away"]
    mine.needs("database", lambda: away[0])
    health.serve(mine, folder / "smtp.0.status", None, ())
    gc.collect()
    ask = lambda question: health.asked(folder / "smtp.0.status", question)  # noqa: E731
    assert ask("/readyz") == (503, "starting\n")
    assert ask("/healthz") == (200, "ok\n")
    mine.ready()
    assert ask("/readyz") == (503, "database: away\n")
    away[0] = ""
    assert ask("/readyz") == (200, "ok\n")
    mine.draining()
    assert ask("/readyz") == (503, "draining\n")
    assert ask("/else")[0] == 404


def test_figures_of_all_processes(folder: Path) -> None:
    for number in ("0", "1"):
        mine = health.Health("imap", number)
        mine.ready()
        health.serve(mine, folder / f"imap.{number}.status", None, ())
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "imap.2.status"))
    answers = {name: status for name, status, _ in health.everyone(folder, "/metrics")}
    assert answers == {"imap.0": 200, "imap.1": 200}
    assert not (folder / "imap.2.status").exists()


def test_a_stuck_loop_is_no_life() -> None:
    loop = asyncio.new_event_loop()
    check = health.loop_turns(loop.call_soon_threadsafe, seconds=0.05)
    assert "has not turned" in check()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert health.loop_turns(loop.call_soon_threadsafe, seconds=5)() == ""
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_over_tcp_for_its_networks_only(folder: Path) -> None:
    port, mine = free_port(), health.Health("smtp", "0")
    health.serve(mine, folder / "a.0.status", ("127.0.0.1", port), (ipaddress.ip_network("127.0.0.2/32"),))

    def said(source: str, sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), 3, source_address=(source, 0)) as peer:
            try:
                peer.sendall(sent)
                return peer.recv(100)
            except ConnectionResetError:
                return b""

    assert said("127.0.0.1", b"GET /healthz HTTP/1.1\r\n\r\n") == b""
    assert said("127.0.0.2", b"GET /healthz HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.0 200 ")
    assert said("127.0.0.2", b"POST / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.0 405 ")


def test_who_says_nothing_holds_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_DEADLINE", 0.2)
    health.serve(health.Health("smtp", "0"), folder / "smtp.0.status", None, ())
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(folder / "smtp.0.status"))
        assert health.asked(folder / "smtp.0.status", "/healthz", 5) == (200, "ok\n")


def test_systemd_hears_of_life_and_not_of_death(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        assert notify.notify(notify.READY, "STATUS=serves")
        assert manager.recv(100) == b"READY=1\nSTATUS=serves"
        mine, dead = health.Health("imap", "0"), [""]
        mine.lives("loop", lambda: dead[0])
        health.serve(mine, folder / "imap.0.status", None, ())
        assert manager.recv(100) == b"WATCHDOG=1"
        dead[0] = "stuck"
        manager.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                assert manager.recv(100) == b"WATCHDOG=1"  # those under way


def test_an_abstract_address_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"mailplatform-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify.reloading()
        head, moment = manager.recv(100).split(b"\n")
        assert head == b"RELOADING=1" and abs(int(moment[15:]) / 1e6 - time.monotonic()) < 5
    assert not notify.notify(notify.READY)
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not notify.notify(notify.READY)


def call(application: requests.Wsgi, **environ: str) -> tuple[str, dict[str, str], bytes]:
    begun: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        begun.append((status, dict(headers)))

    body = b"".join(application({"REQUEST_METHOD": "GET", "REMOTE_ADDR": "127.0.0.1", **environ}, start))
    return *begun[0], body


def page(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [])
    return [b"page"]


def test_the_web_shows_all_figures_to_its_networks(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    mine = health.Health("imap", "0")
    health.serve(mine, folder / "imap.0.status", None, ())
    web = requests.around(page, folder, LOOPBACK)
    status, headers, body = call(web, PATH_INFO="/metrics")
    assert status == "200 OK" and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "mailplatform_ready" in {family.name for family in text_string_to_metric_families(body.decode())}
    assert call(web, PATH_INFO="/metrics", REMOTE_ADDR="192.0.2.1")[0].startswith("403")
    assert call(web, PATH_INFO="/metrics", REMOTE_ADDR="")[0].startswith("403")
    assert call(web, PATH_INFO="/metrics", HTTP_X_FORWARDED_FOR="192.0.2.1")[0].startswith("403")
    assert caplog.text == ""


def test_a_request_has_an_id_and_a_line_without_its_query(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    web = requests.around(page, folder, LOOPBACK)
    _, headers, body = call(web, PATH_INFO="/a\nb", QUERY_STRING="token=hunter2", HTTP_X_REQUEST_ID="theirs")
    assert body == b"page" and len(headers["X-Request-ID"]) == 16
    assert "GET /a\\nb 200" in caplog.text
    assert "hunter2" not in caplog.text and "theirs" not in str(headers)
