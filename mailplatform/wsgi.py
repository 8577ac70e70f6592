"""The WSGI application, and the role ``web`` that serves it with gunicorn (threads in few processes).

Two ways in: plain HTTP for this machine and for proxies, HTTPS with the site's certificates, chosen by the name a browser
asks for (runtime.tls). gunicorn knows one answer to "is it TLS?" for all its sockets; here it is asked a connection. SIGHUP
starts new workers, which read the certificates anew.
"""

from __future__ import annotations

import ipaddress
import itertools
import logging
import os
import signal
import socket
import ssl
import struct
from typing import Any

from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

from mailplatform.runtime import health, requests
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.process import answer_for
from mailplatform.settings.service import ServiceContext
from mailplatform.supervisor.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
application = get_wsgi_application()

from mailplatform.mailflow import measures  # noqa: E402 - models want Django set up


class _Log(Logger):  # type: ignore[misc]
    """gunicorn says what it has to say in the log of the house; requests are logged by runtime.requests."""

    def setup(self, cfg: Any) -> None:
        self.cfg, self._access_log_enabled = cfg, False
        self.error_log = logging.getLogger("gunicorn")
        self.access_log = logging.getLogger("gunicorn.access")
        for one in (self.error_log, self.access_log):
            one.handlers[:], one.propagate = [], True

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        return None

    def reopen_files(self) -> None:
        return None


class _TlsConfig:
    """gunicorn's configuration, but for what it says of TLS."""

    is_ssl = True
    do_handshake_on_connect = False
    suppress_ragged_eofs = True

    def __init__(self, config: Any, certificates: Certificates) -> None:
        self._config, self._certificates = config, certificates

    def ssl_context(self, _config: Any, _default: Any) -> ssl.SSLContext:
        return self._certificates.context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, with TLS on the ports of `tls_ports`."""

    context: ServiceContext

    def init_process(self) -> None:
        site, listeners = self.context.site, self.context.listeners.values()
        self._tls_ports = {way.port for way in listeners if way.tls == "implicit"}
        if self._tls_ports:
            certificates = Certificates(site.home / "tls", site.hostname, minimum=site.tls.minimum_version)
            self._tls = _TlsConfig(self.cfg, certificates)
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        if not conn.initialized and isinstance(conn.server, tuple):
            # A silent peer holds one of few threads; the kernel ends its wait, in the handshake too.
            seconds = int(self.context.site.tls.handshake_timeout_seconds)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
            if conn.server[1] in self._tls_ports:
                conn.cfg = self._tls
        super().enqueue_req(conn)


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn by its Python API: on sockets we hand it, without its command line."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        super().__init__()

    def load_config(self) -> None:
        web, context = self._context.site.web, self._context
        chosen: dict[str, Any] = {
            "bind": [f"fd://{one.fileno()}" for sockets in context.sockets.values() for one in sockets],
            "worker_class": type("Worker", (Worker,), {"context": context}),
            "workers": web.workers,
            "threads": web.threads,
            "timeout": int(web.timeout_seconds),
            "graceful_timeout": int(web.drain_seconds),
            "worker_tmp_dir": str(context.site.home / "run"),
            "limit_request_line": 8190,  # the most that gunicorn has; a question about 1000 items of the queue names them
            "forwarded_allow_ips": "",  # ui.middleware.origin believes the proxies of this site alone
            "control_socket_disable": True,
            "preload_app": True,
            "logger_class": _Log,
            "proc_name": "mailplatform web",
            "pre_fork": _number,
            "post_fork": lambda arbiter, worker: self._begin(worker),
            "post_worker_init": self._ready,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        site = self._context.site
        return requests.around(application, site.sockets_dir, tuple(ipaddress.ip_network(text) for text in site.metrics.networks))

    def _begin(self, worker: Any) -> None:
        end_with_parent()  # a killed arbiter leaves nobody on the socket
        if worker.number == 0:
            measures.declare()
        answer_for("web", worker.number, listen=self._context.listens and worker.number == 0)

    def _ready(self, worker: Any) -> None:
        health.current().ready()
        self._context.ready()


def _number(arbiter: Any, worker: Any) -> None:
    """The smallest number that no living worker has: it stays the same over restarts, as the numbers of other roles do."""
    taken = {living.number for living in arbiter.WORKERS.values()}
    worker.number = next(number for number in itertools.count() if number not in taken)


def run(context: ServiceContext) -> None:
    """The role ``web``. gunicorn's own signals are those of a role: TERM drains, HUP starts its workers anew."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Gunicorn(context).run()
