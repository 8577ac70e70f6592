#!/usr/bin/env python3
"""Every command of mailplatform: ``manage.py COMMAND [--home DIR]``. ``up`` on a fresh clone makes all that it needs."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the command is typed under whatever python3 there is
    from mailplatform.supervisor.bootstrap import find_python

    python = find_python()
    os.execv(python, [python, *sys.argv])  # noqa: S606

from mailplatform.supervisor.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
