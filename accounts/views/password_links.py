"""Links to set a forgotten password: made by administrators, used by whoever was given one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import SignedInRequest
from accounts.forms import LinkedPasswordForm, PasswordLinkForm
from accounts.permissions import Permission
from accounts.services import password_links
from common.errors import DomainError


@never_cache
@require_http_methods(["GET", "POST"])
def links(request: SignedInRequest) -> HttpResponse:
    """Choose an account and make its link, which is shown once, in the answer to the form."""
    access.require(request.user, Permission.MANAGE_USERS)
    form = PasswordLinkForm(request.POST or None, initial={"user": request.GET.get("user")})
    link, holder = "", None
    if request.method == "POST" and form.is_valid():
        holder = form.cleaned_data["user"]
        try:
            link = request.build_absolute_uri(password_links.issue(holder, by=request.user, at=timezone.now()))
        except DomainError as refusal:
            form.add_error(None, refusal.detail)
    context: dict[str, Any] = {
        "form": form,
        "link": link,
        "holder": holder,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    return render(request, "accounts/password_links.html", context, status=422 if form.errors else 200)


class UseLink(PasswordResetConfirmView):
    """Django's own view: it keeps the token in the session, so that no further request carries it in its address."""

    template_name = "accounts/password_link.html"
    form_class = LinkedPasswordForm
    token_generator = password_links.TOKENS
    reset_url_token = "new"  # noqa: S105 - what stands in the address instead of the token
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            answer = super().form_valid(form)
        except DomainError as refusal:
            form.add_error(None, refusal.detail)
            return self.form_invalid(form)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)
