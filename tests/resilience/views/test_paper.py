"""Documents as a page draws them."""

from __future__ import annotations

from resilience.views.paper import Part, parts


def test_headings_lists_and_bold_words():
    found = parts("# REPORT\n\nAs of **now** <b>\n- one\n- [ ] two\n1. three\n\n## Next\n")

    assert found == [
        Part("h1", [(False, "REPORT")]),
        Part("p", [(False, "As of "), (True, "now"), (False, " <b>")]),
        Part("list", [], [[(False, "one")], [(False, "☐ two")], [(False, "three")]]),
        Part("h2", [(False, "Next")]),
    ]
