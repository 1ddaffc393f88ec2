"""REST: backups, to see, make, verify and restore."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.models import User
from backups import access, services
from backups.enums import BackupKind, BackupState, Risk
from backups.models import Backup
from backups.queries import count_differences
from common.services.throttling import HEAVY

PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`respond-async`: answer at once and let a worker do it (RFC 7240).",
)


class BackupOut(serializers.ModelSerializer):
    class Meta:
        model = Backup
        fields = [
            "id",
            "file",
            "kind",
            "label",
            "state",
            "state_reason",
            "created_at",
            "verified_at",
            "proof_asked_at",
            "verify_method",
            "size_bytes",
            "sha256",
            "row_counts",
            "postgres_version",
            "app_version",
            "remote_copied_at",
        ]

    def to_representation(self, backup: Backup) -> dict[str, Any]:
        return super().to_representation(services.shown(backup))


class CreateIn(serializers.Serializer):
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, default="", max_length=60
    )
    sacred = serializers.BooleanField(required=False, default=False)


class RestoreIn(serializers.Serializer):
    confirm = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)


class Backups(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Backups with what was proven about each. Making one takes as long as the database is large (seconds)."""

    queryset = Backup.objects.none()
    serializer_class = BackupOut
    filterset_fields = {"kind": ["exact"], "state": ["exact"]}
    ordering_fields = ["created_at", "size_bytes"]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Backup]:
        return access.visible_backups(_user(self.request)) if self.request.user.pk else Backup.objects.none()

    @property
    def throttle_scope(self) -> str:
        return HEAVY if self.request.method == "POST" else ""

    def get_object(self) -> Backup:
        return access.backup_to_see(_user(self.request), self.kwargs["pk"])

    @extend_schema(
        request=CreateIn, parameters=[PREFER], responses={201: BackupOut, 202: BackupOut, 409: OpenApiTypes.OBJECT}
    )
    def create(self, request: Request) -> Response:
        """Make and verify a backup: regular, pre-operation with a label, or sacred.

        Answers when it is done (201, VERIFIED). With `Prefer: respond-async` and a worker at hand: 202, QUEUED, and
        `Location` is where its end is seen.
        """
        access.may_create(_user(request))
        asked = _valid(CreateIn, request)
        kind = BackupKind.PRE_OPERATION if asked["label"] else BackupKind.REGULAR
        if asked["sacred"]:
            kind = BackupKind.SACRED
        make = services.request_backup if _prefers_no_wait(request) else services.create
        made = make(kind=kind, label=asked["label"], by=_user(request), at=timezone.now())
        if made.state == BackupState.QUEUED:
            return _accepted(made)
        return Response(BackupOut(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=None, parameters=[PREFER], responses={200: BackupOut, 202: BackupOut, 409: OpenApiTypes.OBJECT}
    )
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: UUID) -> Response:
        """Prove it again. The answer's `state` is VERIFIED, or BROKEN with `state_reason`.

        With `Prefer: respond-async` and a worker at hand: 202, and `proof_asked_at` is set until it is answered.
        """
        backup = access.backup_to_verify(_user(request), pk)
        prove = services.request_proof if _prefers_no_wait(request) else services.verify
        proven = prove(backup, by=_user(request), at=timezone.now())
        return _accepted(proven) if proven.proof_asked_at else Response(BackupOut(proven).data)

    @extend_schema(request=RestoreIn, responses={200: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: UUID) -> Response:
        """Dry run with the row counts now and in the backup, unless `confirm` is the file's name."""
        backup = access.backup_to_restore(_user(request), pk)
        asked = _valid(RestoreIn, request)
        if not asked["confirm"]:
            return Response(_preview(backup))
        log = services.restore(
            backup, by=_user(request), at=timezone.now(), reason=asked["reason"], confirm=asked["confirm"]
        )
        return Response(
            {
                "dry_run": False,
                "file": log.file,
                "safety_backup": log.safety_backup,
                "old_database": log.old_database,
                "row_counts": log.row_counts_after,
            }
        )


def _user(request: Request) -> User:
    """The signed-in caller; the API's permissions let nobody else in."""
    return cast("User", request.user)


def _prefers_no_wait(request: Request) -> bool:
    """`Prefer: respond-async` (RFC 7240)."""
    wishes = {wish.partition(";")[0].strip().lower() for wish in request.headers.get("Prefer", "").split(",")}
    return "respond-async" in wishes


def _accepted(backup: Backup) -> Response:
    headers = {
        "Location": reverse("api-backups-detail", args=[backup.pk]),
        "Preference-Applied": "respond-async",
    }
    return Response(BackupOut(backup).data, status=status.HTTP_202_ACCEPTED, headers=headers)


def _preview(backup: Backup) -> dict[str, Any]:
    rows = [{"table": c.table, "now": c.now, "in_backup": c.then} for c in count_differences(backup)]
    return {
        "dry_run": True,
        "file": backup.file,
        "state": backup.state,
        "risk": Risk.CRITICAL,
        "row_counts": rows,
        "detail": f'To restore it, send "confirm": "{backup.file}".',
    }


def _valid(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("backups", Backups, basename="api-backups")
urlpatterns = router.urls
