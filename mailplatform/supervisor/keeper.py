"""The keeper: restarts the supervisor (its arguments), holds the listening sockets, adopts orphans. A supervisor that sees
its keeper end starts another, which adopts MAILPLATFORM_ADOPT. Exit codes 0 (stopped), 3 (failed first start) are final."""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress


def main(command: list[str]) -> None:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    child, lifeline, progress = (int(os.environ.pop(f"MAILPLATFORM_{n}", "-1")) for n in ("ADOPT", "LIFELINE", "PROGRESS_FD"))
    ends: dict[int, int] = {}
    stopping, pause = [], 0.1

    def forward(number: int, frame: object) -> None:
        if number == signal.SIGTERM:
            stopping.append(True)
        with suppress(ProcessLookupError):
            if child > 0 and child not in ends:
                os.kill(child, number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)
    while True:
        began = time.monotonic()
        if child < 0:
            reading, lifeline = os.pipe()  # the supervisor reads its end: it closes when we end
            child = os.fork()
            if child == 0:
                os.set_inheritable(reading, True)
                os.environ.update(MAILPLATFORM_KEEPER_FD=str(reading), MAILPLATFORM_PROGRESS_FD=str(progress))
                os.execv(command[0], command)  # noqa: S606
            for fd in {reading, progress} - {-1}:
                os.close(fd)
            progress = -1
        with suppress(ProcessLookupError):
            watch = os.pidfd_open(child)
            while not select.select([watch], [], [], 1.0)[0]:
                reap(ends)
            os.close(watch)
        reap(ends)
        if stopping or ends.pop(child, 1) in (0, 3):
            return
        os.close(lifeline)
        child, pause = -1, 0.1 if time.monotonic() - began > 60 else min(pause * 2, 5.0)
        time.sleep(pause)


def reap(ends: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            ends[ended[0]] = os.waitstatus_to_exitcode(ended[1])


if __name__ == "__main__":
    main(sys.argv[1:])
