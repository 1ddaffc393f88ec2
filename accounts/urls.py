"""Addresses of signing in and out, passwords, profile, second factor, notifications and tokens."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views import agent_tokens, password_links, profile, sign_in

urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("login/code", sign_in.second_step, name="second_step"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", profile.own_password, name="own_password"),
    path("profile/second-factor", profile.own_second_factor, name="second_factor"),
    path("notifications", profile.notifications, name="notifications"),
    path("notifications/read", profile.notifications_read, name="notifications_read"),
    path("password-links", password_links.links, name="password_links"),
    path("password/<str:uidb64>/<str:token>", password_links.UseLink.as_view(), name="password_link"),
    path("agent-tokens", agent_tokens.tokens, name="agent_tokens"),
    path("agent-tokens/<uuid:pk>/revoke", agent_tokens.revoke, name="agent_token_revoke"),
]
