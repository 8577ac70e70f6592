from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "mailplatform.delivery"
    label = "delivery"
