from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "mailplatform.store"
    label = "store"
