"""Settings of the tests: a home of their own, and the database of MAILPLATFORM_TEST_DSN.

tests/support starts an embedded Postgres (fsync off) and sets that variable before Django is set up, unless it is set
already; the DSN names the maintenance database, and tests make theirs beside it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

os.environ.setdefault("MAILPLATFORM_HOME", tempfile.mkdtemp(prefix="mailplatform-test-"))
os.environ.pop("MAILPLATFORM_SITE", None)
os.environ.pop("MAILPLATFORM_PORT_BASE", None)

from mailplatform.settings.computed import *  # noqa: F403
from mailplatform.settings.computed import SITE as _SITE
from mailplatform.settings.database import connection_settings

TEST_DSN = os.environ.get("MAILPLATFORM_TEST_DSN", _SITE.dsn)
DATABASES = {"default": connection_settings(TEST_DSN, _SITE.database, "test")}
SITE = replace(_SITE, access=replace(_SITE.access, failure_delay_seconds=0.0))  # tests that are about waiting say so
SECRET_KEY = "for tests only, never on a site"  # noqa: S105
