"""The project itself as a Django app: it brings the management commands."""

from django.apps import AppConfig


class MailplatformConfig(AppConfig):
    name = "mailplatform"
    label = "mailplatform"
