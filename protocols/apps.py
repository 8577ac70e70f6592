"""The socket doors as a Django app: it brings ``manage.py serve``."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "protocols"
    label = "protocols"
