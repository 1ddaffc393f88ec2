"""The entry point of web servers."""

import os

from django.core.wsgi import get_wsgi_application

from common.services.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scheduler_project.settings")
application = get_wsgi_application()
warm_up()
