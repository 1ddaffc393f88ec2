"""REST: people and what is true of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.models import User
from schedules import access
from schedules.api.resource import CodeField, Editable, RowSerializer
from schedules.models import Activity, Credential, DutyLog, Person, PersonCredential, Preference


class PersonSerializer(RowSerializer):
    """E-mail and telephone are null unless the caller edits people or is the person."""

    class Meta:
        model = Person
        fields = [
            "id",
            "name",
            "role",
            "pgy_level",
            "faculty_role",
            "adjunct",
            "excluded_from_call",
            "duty",
            "email",
            "phone",
            "is_active",
            "reason_of_change",
        ]

    def to_representation(self, person: Person) -> dict[str, Any]:
        shown = super().to_representation(person)
        if not access.sees_contact(self.context["request"].user, person):
            shown |= {"email": None, "phone": None}
        return shown


class People(Editable):
    """Residents and faculty. Everybody may change the own e-mail and telephone; the rest needs the right to edit."""

    rows = Person.objects.order_by("role", "pgy_level", "name", "pk")
    serializer_class = PersonSerializer
    filterset_fields = {"role": ["exact"], "pgy_level": ["exact"], "is_active": ["exact"], "name": ["icontains"]}
    ordering_fields = ["name", "role", "pgy_level"]


class CredentialSerializer(RowSerializer):
    credential = CodeField(queryset=Credential.objects.all())
    credential_name = serializers.CharField(source="credential.name", read_only=True)
    person_name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = PersonCredential
        fields = ["id", "person", "person_name", "credential", "credential_name", "expires_on", "reason_of_change"]
        validators: list[Any] = []


class Credentials(Editable):
    """Who holds which qualification until when."""

    rows = PersonCredential.objects.select_related("person", "credential").order_by("person__name", "credential", "pk")
    serializer_class = CredentialSerializer
    filterset_fields = {"person": ["exact"], "credential__code": ["exact"], "expires_on": ["lte", "isnull"]}
    ordering_fields = ["expires_on"]

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return access.own_or_all(rows, user)


class DutyLogSerializer(RowSerializer):
    hours = serializers.FloatField(min_value=0.01, max_value=24)
    person_name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = DutyLog
        fields = ["id", "person", "person_name", "date", "kind", "hours", "note", "reason_of_change"]

    def validate_hours(self, hours: float) -> float:
        return round(hours, 2)


class DutyLogs(Editable):
    """Hours outside the schedule: moonlighting, clinical work from home, at-home call worked."""

    rows = DutyLog.objects.select_related("person").order_by("date", "person__name", "pk")
    serializer_class = DutyLogSerializer
    filterset_fields = {"person": ["exact"], "kind": ["exact"], "date": ["exact", "gte", "lte"]}
    ordering_fields = ["date", "hours"]

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return access.own_or_all(rows, user)


class PreferenceSerializer(RowSerializer):
    activity = CodeField(queryset=Activity.objects.all(), required=False, allow_null=True)
    person_name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = Preference
        fields = [
            "id",
            "person",
            "person_name",
            "scope",
            "weight",
            "weekday",
            "session",
            "start_date",
            "end_date",
            "activity",
            "note",
            "reason_of_change",
        ]


class Preferences(Editable):
    """Likes and dislikes of times; the solver weighs them, nothing more."""

    rows = Preference.objects.select_related("person", "activity").order_by("person__name", "scope", "pk")
    serializer_class = PreferenceSerializer
    filterset_fields = {"person": ["exact"], "scope": ["exact"]}
    ordering_fields = ["weight"]

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return access.own_or_all(rows, user)
