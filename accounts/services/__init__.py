"""What can be done to users and their notifications: one function per deed."""

from accounts.services.clearing import clear_expired
from accounts.services.demo import create_demo_accounts
from accounts.services.notifications import mail, mark_all_read, mark_read, notify, set_wants_mail
from accounts.services.users import activate, create_user, deactivate, save_user, set_password, set_role
from accounts.services.webhook import post_event

__all__ = [
    "activate",
    "clear_expired",
    "create_demo_accounts",
    "create_user",
    "deactivate",
    "mail",
    "mark_all_read",
    "mark_read",
    "notify",
    "post_event",
    "save_user",
    "set_password",
    "set_role",
    "set_wants_mail",
]
