"""Forms of the swap pages: shape and choices only; what is allowed is decided by services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms

from common.forms import PlainForm
from schedules.models import Person
from swaps.domain.tables import Reason, SwapPolicy, SwapType

CODE_LENGTH = max(len(reason.value) for reason in Reason) + len(": ")
TEXT_LENGTH = SwapPolicy().reason_length - CODE_LENGTH
"""Code and text are sent as one reason, `code: text`."""


class StepsForm(PlainForm, forms.Form):
    """How far the request is chosen; everything may be left out."""

    person = forms.UUIDField(required=False)
    week = forms.DateField(required=False)
    partner = forms.UUIDField(required=False)
    kind = forms.ChoiceField(required=False, choices=[(kind.value, kind.name) for kind in SwapType])
    target = forms.DateField(required=False)


class PersonForm(PlainForm, forms.Form):
    """Whose week: for those who ask for others."""

    person = forms.ModelChoiceField(
        queryset=Person.objects.filter(is_active=True).order_by("name"),
        empty_label="Choose a person",
        widget=forms.Select(attrs={"id": "id_giver"}),
    )


class ReasonForm(PlainForm, forms.Form):
    """Why, as a code and in one's own words."""

    code = forms.ChoiceField(label="Reason", initial="", error_messages={"required": "Choose a reason."})
    text = forms.CharField(
        label="In your own words",
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    partner_consented = forms.BooleanField(required=False, label="The partner has agreed; I spoke with them.")

    def __init__(self, *args: Any, reasons: Iterable[tuple[str, str]], for_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", "Choose a reason"), *reasons]  # type: ignore[attr-defined]
        if not for_others:
            del self.fields["partner_consented"]

    @property
    def reason(self) -> str:
        """``conference: in Denver``; a reason of no kind where nothing is chosen yet."""
        code = self.data.get("code") or Reason.OTHER.value
        text = self.data.get("text", "").strip()
        return f"{code}: {text}" if text else code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("code") == Reason.OTHER and not cleaned.get("text", "").strip():
            self.add_error("text", "Say in a few words what it is.")
        return cleaned


class SwapFilterForm(PlainForm, forms.Form):
    """Which swaps the list shows."""

    status = forms.ChoiceField(required=False)
    person = forms.ModelChoiceField(required=False, queryset=Person.objects.order_by("name"), empty_label="Everybody")

    def __init__(self, *args: Any, statuses: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [("", "Any status"), *statuses]  # type: ignore[attr-defined]


class OfferForm(PlainForm, forms.Form):
    """A week for the marketplace."""

    week = forms.ChoiceField(label="Week")
    note = forms.CharField(
        label="Note for colleagues", required=False, max_length=200, help_text="Everybody sees it: no private reasons."
    )

    def __init__(self, *args: Any, weeks: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["week"].choices = list(weeks)  # type: ignore[attr-defined]


class TakeForm(PlainForm, forms.Form):
    """What is given back for an offered week."""

    target = forms.TypedChoiceField(
        label="What you give in return", required=False, coerce=dt.date.fromisoformat, empty_value=None
    )

    def __init__(self, *args: Any, weeks: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [("", "Nothing: I take it over"), *weeks]  # type: ignore[attr-defined]

    @property
    def week(self) -> dt.date | None:
        """The chosen week of one's own; None for nothing, and for what is none of them."""
        return self.cleaned_data.get("target") if self.is_valid() else None
