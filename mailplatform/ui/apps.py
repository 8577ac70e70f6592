"""What both webs share on the screen: layout, widgets, tables, forms, sign-in."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "mailplatform.ui"
    label = "ui"
