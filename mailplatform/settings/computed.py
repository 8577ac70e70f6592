"""Django's settings, computed from the site's configuration. Nothing here is edited on a site: site.toml is.

The home is MAILPLATFORM_HOME, which manage.py sets from ``--home`` before Django exists. ``settings.SITE`` is the
SiteConfig in force. Connections open on need; runtime.database closes idle ones, so CONN_MAX_AGE is without end and
Django's own request hooks never close them in the middle of a lane's work.
"""

from __future__ import annotations

import os
import secrets as _random

from mailplatform.settings.database import connection_settings
from mailplatform.settings.site import SiteError, home_from, load

SITE = load(home_from())
HOME = SITE.home

try:
    SECRET_KEY = SITE.secret("secret_key")
except SiteError:  # before the first start: commands that need no secret still run
    SECRET_KEY = _random.token_hex(32)

DEBUG = False
ALLOWED_HOSTS = list(SITE.web.allowed_hosts)
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "mailplatform",
    "mailplatform.trace",
    "mailplatform.audit",
    "mailplatform.directory",
    "mailplatform.access",
    "mailplatform.store",
    "mailplatform.transport",
    "mailplatform.delivery",
    "mailplatform.mailflow",
    "protocols",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "mailplatform.urls"
WSGI_APPLICATION = "mailplatform.wsgi.application"
AUTH_USER_MODEL = "directory.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_ROLE = os.environ.get("MAILPLATFORM_ROLE", "manage")
DATABASES = {"default": connection_settings(SITE.dsn_of(_ROLE), SITE.database, _ROLE)}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"
TEMPLATES: list[dict[str, object]] = []
LOGGING_CONFIG = None  # runtime.log sets logging up; Django must not
