"""Django's registration of the app."""

from django.apps import AppConfig


class SwapsConfig(AppConfig):
    name = "swaps"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from swaps import receivers  # noqa: F401
