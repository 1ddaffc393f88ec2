"""REST: signing in, tokens, oneself, and one's notifications."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate
from django.urls import path
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from accounts import access, services
from accounts.models import Notification, User
from accounts.services import lockout, second_factor, tokens
from accounts.services.second_factor import CodeNeeded, WrongCode


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema names the access token."""

    target_class = "accounts.services.tokens.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class CredentialsIn(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    otp = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="Where the account has a second factor: the code of its app, or a recovery code.",
    )


class RefreshIn(serializers.Serializer):
    refresh_token = serializers.CharField(max_length=4000)


class TokensOut(serializers.Serializer):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()


class RefusalOut(serializers.Serializer):
    """Every refusal beside a 400."""

    code = serializers.CharField()
    detail = serializers.CharField()


class MeOut(serializers.ModelSerializer):
    name = serializers.CharField(source="get_full_name")
    permissions = serializers.SerializerMethodField()
    person = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "name", "email", "role", "wants_mail", "person", "permissions"]

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.rights)

    def get_person(self, user: User) -> UUID | None:
        person = getattr(user, "person", None)
        return person.pk if person else None


class NotificationOut(serializers.ModelSerializer):
    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "body", "url", "created_at", "read_at"]


class Login(APIView):
    """Only failed tries count toward the lock-out, wrong codes of a second factor among them.

    A right password of an account with a second factor answers 401 `otp_required` until `otp` is sent as well.
    """

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []
    throttle_classes: list[type] = []

    @extend_schema(
        operation_id="auth_login",
        tags=["auth"],
        auth=[],
        request=CredentialsIn,
        responses={
            200: TokensOut,
            401: RefusalOut,
            429: OpenApiResponse(RefusalOut, description="Locked out; `Retry-After` says for how many seconds."),
        },
    )
    def post(self, request: Request) -> Response:
        given = CredentialsIn(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        user = authenticate(request._request, username=sent["username"], password=sent["password"])
        if user is None:
            raise exceptions.AuthenticationFailed("User name or password is wrong.", code="wrong_credentials")
        if user.has_second_factor:
            self._require_code(request, user, sent["otp"])
        return Response(TokensOut(tokens.issue(user)).data)

    def _require_code(self, request: Request, user: User, code: str) -> None:
        try:
            if not code:
                raise CodeNeeded
            second_factor.check(user, code=code, at=timezone.now())
        except (CodeNeeded, WrongCode) as refusal:
            if isinstance(refusal, WrongCode):
                lockout.count_failure(request._request, username=user.get_username())
            raise exceptions.AuthenticationFailed(refusal.detail, code=refusal.code) from refusal

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class Refresh(APIView):
    """A new pair for a refresh token, which is used up by this."""

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []

    @extend_schema(
        operation_id="auth_refresh",
        tags=["auth"],
        auth=[],
        request=RefreshIn,
        responses={200: TokensOut, 401: RefusalOut},
    )
    def post(self, request: Request) -> Response:
        given = RefreshIn(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(TokensOut(tokens.rotate(given.validated_data["refresh_token"])).data)


class Logout(APIView):
    """Ends the refresh token; the access token runs out by itself within 15 minutes."""

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []

    @extend_schema(operation_id="auth_logout", tags=["auth"], auth=[], request=RefreshIn, responses={204: None})
    def post(self, request: Request) -> Response:
        given = RefreshIn(data=request.data)
        given.is_valid(raise_exception=True)
        tokens.revoke(given.validated_data["refresh_token"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class Me(APIView):
    """Who the caller is and what the role allows."""

    @extend_schema(operation_id="auth_me", tags=["auth"], responses={200: MeOut, 401: RefusalOut})
    def get(self, request: Request) -> Response:
        return Response(MeOut(access.caller(request)).data)


class Notifications(mixins.ListModelMixin, viewsets.GenericViewSet):
    """One's own messages, newest first."""

    serializer_class = NotificationOut
    queryset = Notification.objects.none()
    filterset_fields = {"kind": ["exact"], "read_at": ["isnull"]}
    ordering_fields = ["created_at"]
    lookup_value_converter = "uuid"

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Notification.objects.filter(user=self.request.user.pk)

    @extend_schema(request=None, responses={200: NotificationOut, 404: RefusalOut})
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: UUID) -> Response:
        """Mark one as read."""
        note = access.own_notification(access.caller(request), pk)
        return Response(NotificationOut(services.mark_read(note, by=access.caller(request), at=timezone.now())).data)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("notifications", Notifications, basename="notification")

urlpatterns = [
    path("auth/login/json", Login.as_view(), name="api-login"),
    path("auth/refresh", Refresh.as_view(), name="api-refresh"),
    path("auth/logout", Logout.as_view(), name="api-logout"),
    path("auth/me", Me.as_view(), name="api-me"),
    *router.urls,
]
