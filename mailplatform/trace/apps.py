"""The trace as a Django app."""

from django.apps import AppConfig


class TraceConfig(AppConfig):
    name = "mailplatform.trace"
    label = "trace"
