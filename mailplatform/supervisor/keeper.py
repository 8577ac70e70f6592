"""The keeper: the smallest program that can restart the supervisor, whose command line its arguments are. It holds the
listening sockets, so that they outlive all below, and adopts orphans. A supervisor that sees its keeper end starts
another with its own pid in MAILPLATFORM_ADOPT. Exit codes 0 (stopped) and 3 (failed first start) are final."""

import ctypes
import os
import select
import signal
import sys
import time


def main(command: list[str]) -> None:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    child, lifeline, progress = (int(os.environ.pop(f"MAILPLATFORM_{n}", "-1")) for n in ("ADOPT", "LIFELINE", "PROGRESS_FD"))
    ends: dict[int, int] = {}
    stopping, pause = [], 0.1

    def forward(number: int, frame: object) -> None:
        if number == signal.SIGTERM:
            stopping.append(True)
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
                fds = {"MAILPLATFORM_KEEPER_FD": str(reading), "MAILPLATFORM_PROGRESS_FD": str(progress)}
                os.execve(command[0], command, {**os.environ, **fds})  # noqa: S606
            os.close(reading)
            progress = -1 if progress < 0 else os.close(progress) or -1
        try:
            watch = os.pidfd_open(child)
            while not select.select([watch], [], [], 1.0)[0]:
                reap(ends)
            os.close(watch)
        except ProcessLookupError:
            pass
        reap(ends)
        if stopping or ends.pop(child, 1) in (0, 3):
            return
        os.close(lifeline)
        child, pause = -1, 0.1 if time.monotonic() - began > 60 else min(pause * 2, 5.0)
        time.sleep(pause)


def reap(ends: dict[int, int]) -> None:
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            ends[ended[0]] = os.waitstatus_to_exitcode(ended[1])
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
