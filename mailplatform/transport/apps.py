from django.apps import AppConfig


class TransportConfig(AppConfig):
    name = "mailplatform.transport"
    label = "transport"
