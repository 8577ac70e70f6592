"""A small load for drills: so many messages over so many connections, and how long each waited for its 250."""

import smtplib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.messages import a_message


@dataclass(slots=True)
class Load:
    """Seconds from the end of DATA to the reply, and every reply's code."""

    seconds: list[float] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def percentile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def accept(where: tuple[str, int], recipients: Sequence[str], *, messages: int, connections: int, size: int = 5_000) -> Load:
    """Send and time it."""
    load, lock = Load(), threading.Lock()

    def run(number: int) -> None:
        with smtplib.SMTP(*where, local_hostname="load.test", timeout=60) as smtp:
            smtp.ehlo()
            for n in range(number, messages, connections):
                smtp.mail("sender@outside.example")
                smtp.rcpt(recipients[n % len(recipients)])
                content = a_message(size=size)
                began = time.perf_counter()
                code, _ = smtp.data(content)
                with lock:
                    load.seconds.append(time.perf_counter() - began)
                    load.codes.append(code)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load
