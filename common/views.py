"""Pages that belong to no app, and what views of several apps share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import loader
from django.urls import resolve
from django.views import defaults

from common.errors import NotFound
from common.services import throttling


def heavy_posts(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page whose POSTs write or judge a schedule: each counts with the caller's heavy requests over the API."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            throttling.count_heavy(request)
        return view(request, *args, **kwargs)

    return counted


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Our own 400, and 413 for a form that is too large to be read at all."""
    if isinstance(exception, RequestDataTooBig):
        most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 2**20
        said = {"title": "Too much at once", "sentence": f"What was sent is larger than {most:g} MB. Send less of it."}
        return HttpResponse(loader.render_to_string("400.html", said), status=413)
    said = {"title": "Not understood", "sentence": "The browser sent something that cannot be read here."}
    return HttpResponse(loader.render_to_string("400.html", said), status=400)


@login_not_required
def no_such_page(request: HttpRequest) -> HttpResponse:
    """Our own 404 for what no route knows, in debugging too; leads on where the address with a slash exists."""
    with_slash = f"{request.path_info}/"
    if request.method == "GET" and resolve(with_slash).func is not no_such_page:
        return redirect(with_slash)
    return defaults.page_not_found(request, NotFound("There is no such page."))
