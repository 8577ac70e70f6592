"""What both webs share: files, sign-in and out, language and look."""

from django.urls import path

from mailplatform.ui import assets, sign_in

app_name = "ui"
urlpatterns = [
    path("static/<str:tag>/<str:name>", assets.serve, name="asset"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("choose", sign_in.choose, name="choose"),
]
