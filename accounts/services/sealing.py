"""Secrets that the server must read again, encrypted at rest with keys derived from SECRET_KEY."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Sealed with a key that is neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS, or altered."""


def seal(text: str, /, *, purpose: str) -> str:
    """Encrypt and authenticate a text with the present SECRET_KEY; `purpose` keeps kinds of secrets apart."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, /, *, purpose: str) -> str:
    """The text again, whichever of the present and the former keys sealed it. Raises `Unreadable`."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as strange:
        raise Unreadable("This was sealed with a key that is not known here.") from strange


def _box(purpose: str) -> MultiFernet:
    """Encrypts with the first key and decrypts with any; keys by HKDF (RFC 5869), for SECRET_KEY is no Fernet key."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"residency-scheduler {purpose}".encode())
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
