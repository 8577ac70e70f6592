# ruff: noqa: E402 - Django is set up first
"""A process that puts arrivals and prints what was acknowledged: ``python -m tests.support.putter SEED NUMBER ADDRESS…``.

MAILPLATFORM_TEST_DSN names its database. One line a unit, "message-id uid folder", printed after its commit.
"""

import os
import sys
from collections import deque

os.environ["DJANGO_SETTINGS_MODULE"] = "mailplatform.settings.testing"

import django

django.setup()

from mailplatform.mailflow import arrivals
from tests.support.house import a_unit, recipients
from tests.support.messages import a_message

AT_ONCE = 20


def main(seed: str, number: str, *addresses: str) -> None:
    known = recipients(addresses)
    under_way: deque = deque()

    def acknowledge() -> None:
        message_id, future = under_way.popleft()
        for made in future.result(60).appended:
            print(message_id, made.uid, made.folder_id, flush=True)

    for n in range(int(number)):
        message_id = f"<{seed}.{n}@putter.example>"
        first = (int(seed) + n) % len(known)
        unit = a_unit(known[first : first + 1 + n % 2], a_message(message_id=message_id, size=1000))
        under_way.append((message_id, arrivals.put(unit)))
        if len(under_way) >= AT_ONCE:
            acknowledge()
    while under_way:
        acknowledge()
    arrivals.drain(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
