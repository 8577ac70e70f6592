from django.apps import AppConfig


class MailflowConfig(AppConfig):
    name = "mailplatform.mailflow"
    label = "mailflow"
