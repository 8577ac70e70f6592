"""Django's settings, computed from the site's configuration. Nothing here is edited on a site: site.toml is.

The home is MAILPLATFORM_HOME, which manage.py sets from ``--home`` before Django exists. ``settings.SITE`` is the
SiteConfig in force. Connections open on need; runtime.database closes idle ones, so CONN_MAX_AGE is without end and
Django's own request hooks never close them in the middle of a lane's work.
"""

from __future__ import annotations

import os
import secrets as _random

from mailplatform.settings import catalogs
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
    "mailplatform.ui",
    "protocols",
    "webadmin",
    "django_filters",
    "django_tables2",
    "django.forms",
]
MIDDLEWARE = [
    "mailplatform.ui.errors.ErrorPages",
    "mailplatform.ui.middleware.origin.Origin",
    "mailplatform.ui.middleware.headers.SecurityHeaders",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mailplatform.ui.middleware.csrf.Csrf",
    "mailplatform.ui.middleware.session.Session",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "mailplatform.urls"
WSGI_APPLICATION = "mailplatform.wsgi.application"
AUTH_USER_MODEL = "directory.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_ROLE = os.environ.get("MAILPLATFORM_ROLE", "manage")
DATABASES = {"default": connection_settings(SITE.dsn_of(_ROLE), SITE.database, _ROLE)}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("it", "Italiano")]
LOCALE_PATHS = [catalogs.ready(catalogs.LOCALE, HOME / "locale")]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["mailplatform.ui.context.page"],
            "builtins": ["django.templatetags.i18n", "mailplatform.ui.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "mailplatform.ui.forms.Renderer"
DJANGO_TABLES2_TEMPLATE = "ui/table.html"

CSRF_COOKIE_NAME = "mailplatform_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "mailplatform.ui.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = SITE.web.max_body_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
APPEND_SLASH = False
LANGUAGE_COOKIE_NAME = "mailplatform_language"
LOGGING_CONFIG = None  # runtime.log sets logging up; Django must not
