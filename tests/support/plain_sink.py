"""The simplest next hop: an SMTP server in a thread that takes mail and remembers it. `refused@…` is refused for good."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Taken:
    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Sink:
    port: int = 0
    taken: list[Taken] = field(default_factory=list)


@contextmanager
def sink() -> Iterator[Sink]:
    """Listens on 127.0.0.1 until the block ends."""
    made = Sink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sender, recipients = "", []
            self.wfile.write(b"220 sink.test\r\n")
            while line := self.rfile.readline():
                word, _, rest = line.decode().strip().partition(" ")
                address = rest.partition("<")[2].partition(">")[0]
                match word.upper():
                    case "DATA":
                        self.wfile.write(b"354 go on\r\n")
                        content = b""
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            content += part
                        made.taken.append(Taken(sender, recipients, content))
                        sender, recipients = "", []
                    case "MAIL":
                        sender = address
                    case "RCPT" if address.startswith("refused@"):
                        self.wfile.write(b"550 5.1.1 nobody\r\n")
                        continue
                    case "RCPT":
                        recipients.append(address)
                    case "QUIT":
                        self.wfile.write(b"221 bye\r\n")
                        return
                self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
