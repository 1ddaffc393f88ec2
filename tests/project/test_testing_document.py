"""docs/testing.md names real tests."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (ROOT / "docs" / "testing.md").read_text())


def test_every_fault_names_a_test_that_exists():
    missing = [(file, test) for file, test in NAMED if f"\ndef {test}(" not in (ROOT / file).read_text()]

    assert missing == []
    assert len(NAMED) > 50
