"""What the resources of program data share: a viewset that reads what the caller may see and writes by services."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from accounts.models import User
from schedules.services import program


class CodeField(serializers.SlugRelatedField):
    """A row named by its `code`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="code", **more)

    def to_internal_value(self, data: Any) -> Any:
        """A null character is in no code, and the database refuses to look for it."""
        if "\x00" in str(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class RowSerializer(serializers.ModelSerializer):
    """A row with an optional reason for its history."""

    reason_of_change = serializers.CharField(
        write_only=True, required=False, max_length=100, help_text="Kept in the history of the row."
    )

    def to_internal_value(self, data: Any) -> Any:
        """A misspelt field is an error and not a wish that nobody hears."""
        if isinstance(data, dict):
            unknown = sorted(set(map(str, data)) - {name for name, field in self.fields.items() if not field.read_only})
            if unknown:
                raise serializers.ValidationError({name: ["There is no such field to write."] for name in unknown})
        return super().to_internal_value(data)


class Readable(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """List and detail; ids that are no UUID are 404 by their route."""

    lookup_value_converter = "uuid"
    rows: ClassVar[QuerySet[Any]]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.rows.none()
        return self.visible(self.rows.all(), caller(self.request))

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """The rows that the user may know of; all, unless a resource says otherwise."""
        return rows


class Editable(Readable):
    """Adds POST, PATCH and DELETE, each one call of a service."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self._given(request)
        reason = given.pop("reason_of_change", "") or "added over the API"
        row = program.create(self.rows.model(**given), by=caller(request), at=timezone.now(), reason=reason)
        return Response(self._shown(row), status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        given = self._given(request, row=row)
        reason = given.pop("reason_of_change", "")
        changed = program.change(row, given, by=caller(request), at=timezone.now(), reason=reason)
        return Response(self._shown(changed))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        program.remove(self.get_object(), by=caller(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _given(self, request: Request, *, row: Model | None = None) -> dict[str, Any]:
        serializer = self.get_serializer(row, data=request.data, partial=row is not None)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _shown(self, row: Model) -> Any:
        return self.get_serializer(self.rows.get(pk=row.pk)).data
