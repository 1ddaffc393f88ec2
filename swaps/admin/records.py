"""Swaps, their cases, complaints, offers and record in the admin; every deed is a dialog that posts to a service."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type,operator"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from common.errors import DomainError
from common.forms import PlainForm
from schedules.admin.base import ReadableMixin, ReadOnlyAdmin
from swaps import access, services
from swaps.access import Deed
from swaps.models import (
    Complaint,
    EscalationCase,
    MarketplaceOffer,
    SwapAudit,
    SwapChange,
    SwapRecord,
    SwapWeekChange,
)

HIDDEN_CODE, HIDDEN_TEXT = "reason_code", "reason_text"
WRITTEN = frozenset({"rationale", "rollback_reason"})
"""What people write about a swap may give its reason away, so it goes no further."""


class WhyForm(PlainForm, BaseDialogForm):
    """A dialog that asks why. Its field is named apart from those of the page behind it."""

    why = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class RationaleForm(WhyForm):
    why = forms.CharField(
        label="Rationale",
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Both people read it: write no private reason here.",
    )


class ReasonForm(WhyForm):
    why = forms.CharField(label="Reason", max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class Dialog(NamedTuple):
    """A deed of the page: what the dialog says and asks, and the service that does it."""

    service: Callable[..., SwapRecord]
    why_is: str
    """What the service calls the answer."""
    form: type[WhyForm]
    label: str
    title: str
    description: str
    submit: str
    said: str
    """On the page afterwards, with the state of the swap."""


DIALOGS = {
    "approve": Dialog(
        *(services.approve, "rationale", RationaleForm, "Approve"),
        title="Approve this swap",
        description="It is executed as soon as the partner has agreed, if every rule of tier 1 still holds.",
        submit="Approve",
        said="Approved.",
    ),
    "reject": Dialog(
        *(services.reject, "rationale", RationaleForm, "Reject"),
        title="Reject this swap",
        description="Both people are told, with your rationale.",
        submit="Reject",
        said="Rejected. Both people are told.",
    ),
    "cancel": Dialog(
        *(services.cancel, "note", ReasonForm, "Cancel"),
        title="Take this request back",
        description="The schedule stays as it is.",
        submit="Take back",
        said="The request is taken back.",
    ),
    "roll_back": Dialog(
        *(services.roll_back, "reason", ReasonForm, "Roll back"),
        title="Roll this swap back",
        description="Every touched assignment becomes what it was, if none was changed meanwhile.",
        submit="Roll back",
        said="Rolled back. Everybody has their own weeks again.",
    ),
}


def _button(name: str, dialog: Dialog) -> Callable[..., HttpResponse]:
    """The admin's action that opens the dialog, and does the deed when it is posted."""
    texts = {"title": dialog.title, "description": dialog.description, "form_submit_text": dialog.submit}

    def act(page: SwapAdmin, request: HttpRequest, form: WhyForm, object_id: str) -> HttpResponse:
        return page.do(dialog, request, object_id, why=form.cleaned_data["why"])

    # Unfold asks the permission of this one swap, not of swaps at large, by the name of what it wraps.
    act.__name__ = name
    return action(description=dialog.label, permissions=[name], dialog={**texts, "form_class": dialog.form})(act)


def _permission(deed: Deed) -> Callable[..., bool]:
    """Whether the button of the deed is shown, and its dialog may be posted."""

    def has_permission(page: SwapAdmin, request: HttpRequest, object_id: Any = None) -> bool:
        return page.may(deed, request, object_id)

    return has_permission


class _Rows(ReadableMixin, TabularInline):
    """Rows of the swap's record."""

    extra = 0
    show_change_link = False


class ChangesInline(_Rows):
    model = SwapChange
    fields = readonly_fields = ("date", "person", "session", "was", "became")

    @admin.display(description="before")
    def was(self, row: SwapChange) -> str:
        return (row.before or {}).get("activity", "-")

    @admin.display(description="after")
    def became(self, row: SwapChange) -> str:
        return (row.after or {}).get("activity", "-")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("person")


class WeekChangesInline(_Rows):
    model = SwapWeekChange
    fields = ("start_date", "end_date", "before", "after")


class AuditInline(_Rows):
    model = SwapAudit
    fields = ("at", "event", "user", "detail")


@admin.register(SwapRecord)
class SwapAdmin(ReadOnlyAdmin):
    """To look up, and for deciders to decide. Reasons stay with those who may know them."""

    list_display = (
        "source_person",
        "source_week",
        "target_person",
        "target_week",
        "swap_type",
        "status",
        "executed_at",
    )
    list_filter = ("status", "swap_type", ("source_week", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("source_person", "target_person")
    search_fields = ("source_person__name", "target_person__name")
    date_hierarchy = "source_week"
    inlines = (ChangesInline, WeekChangesInline, AuditInline)
    fields = (
        *("source_person", "source_week", "source_end", "target_person", "target_week", "target_end", "swap_type"),
        *("scope", HIDDEN_CODE, HIDDEN_TEXT, "status", "requested_by", "requested_at", "consent_due", "consent_by"),
        *("consent_at", "decided_by", "decided_at", "rationale", "schedule", "executed_at", "transaction_id"),
        *(
            "next_check_at",
            "given_up_at",
            "rolled_back_by",
            "rolled_back_at",
            "rollback_reason",
            "error_code",
            "conflicts",
        ),
    )
    actions_detail = tuple(DIALOGS)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        user: Any = request.user
        hidden = set()
        if obj is not None and not access.sees_reason_code(user, obj):
            hidden |= {HIDDEN_CODE, *WRITTEN}
        if obj is not None and not access.sees_reason_text(user, obj):
            hidden.add(HIDDEN_TEXT)
        return [name for name in self.fields if name not in hidden]

    def sees_history(self, request: HttpRequest, object_id: str) -> bool:
        """Old versions hold the reason: a sensitive one stays with those who may know it."""
        swap = self._found(object_id)
        user: Any = request.user
        return swap is None or access.sees_reason_code(user, swap)

    def _found(self, object_id: Any) -> SwapRecord | None:
        """The swap of an address; None for what is no id."""
        try:
            return SwapRecord.objects.select_related("source_person", "target_person").filter(pk=object_id).first()
        except ValidationError:
            return None

    def may(self, deed: Deed, request: HttpRequest, object_id: Any) -> bool:
        user: Any = request.user
        swap = self._found(object_id)
        if swap is None or not self.has_view_permission(request):
            return False
        until = services.rollback_eligible_until(swap)
        return deed in access.deeds_of(user, swap, at=timezone.now(), rollback_until=until)

    has_approve_permission = _permission(Deed.APPROVE)
    has_reject_permission = _permission(Deed.REJECT)
    has_cancel_permission = _permission(Deed.CANCEL)
    has_roll_back_permission = _permission(Deed.ROLL_BACK)
    approve, reject, cancel, roll_back = (_button(name, dialog) for name, dialog in DIALOGS.items())

    def do(self, dialog: Dialog, request: HttpRequest, object_id: str, *, why: str) -> HttpResponse:
        """The dialog's one service; its refusal is a message on the page."""
        user: Any = request.user
        try:
            swap = access.swap(user, object_id)
            done = dialog.service(swap, by=user, at=timezone.now(), **{dialog.why_is: why})
            messages.success(request, f"{dialog.said} The swap is {done.get_status_display().lower()}.")
        except DomainError as refused:
            messages.error(request, refused.detail)
        page = reverse("admin:swaps_swaprecord_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": page})


@admin.register(EscalationCase)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("swap", "level", "status", "kind", "due_at", "overdue_at", "decided_by", "decided_at")
    list_filter = ("status", "level", "kind")
    list_select_related = ("swap__source_person", "swap__target_person", "decided_by")
    search_fields = ("swap__source_person__name", "swap__target_person__name")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [name for name in super().get_fields(request, obj) if name != "accepted"]
        return [name for name in shown if name not in WRITTEN or self._may_read(request, obj)]

    def sees_history(self, request: HttpRequest, object_id: str) -> bool:
        """Old versions hold the words of the decision."""
        return self._may_read(request, self.get_object(request, object_id))

    def _may_read(self, request: HttpRequest, case: EscalationCase | None) -> bool:
        user: Any = request.user
        return case is None or access.sees_reason_code(user, case.swap)


@admin.register(Complaint)
class ComplaintAdmin(ReadableMixin, ModelAdmin):
    """Append-only, so without history pages. The text is for those who decide."""

    view_right = ReadOnlyAdmin.view_right
    list_display = ("swap", "filed_at", "filed_by")
    list_select_related = ("swap__source_person", "swap__target_person", "filed_by")
    fields = ("swap", "filed_at", "filed_by", "text")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        user: Any = request.user
        return [name for name in self.fields if name != "text" or access.decides_escalations(user)]


@admin.register(MarketplaceOffer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ("person", "week", "week_end", "status", "offered_at", "closed_at")
    list_filter = ("status", ("week", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("person",)
    search_fields = ("person__name",)
    fields = ("person", "week", "week_end", "note", "status", "offered_by", "offered_at", "closed_at", "swap")


@admin.register(SwapAudit)
class AuditAdmin(ReadableMixin, ModelAdmin):
    """Append-only, so without history pages."""

    view_right = ReadOnlyAdmin.view_right
    list_display = ("at", "event", "swap", "user", "transaction_id")
    list_filter = ("event", ("at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("swap__source_person", "swap__target_person", "user")
    list_per_page = 50
