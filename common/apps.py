"""Django's registration of what two apps share."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        from common import receivers  # noqa: F401
