"""Addresses of signing in and out."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views import SignIn

urlpatterns = [
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
