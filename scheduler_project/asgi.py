"""The entry point of asynchronous servers."""

import os

from django.core.asgi import get_asgi_application

from common.services.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scheduler_project.settings")
application = get_asgi_application()
warm_up()
