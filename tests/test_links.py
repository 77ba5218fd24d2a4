"""The project's own pages link to what is there."""

import re

import pytest

from tests.conftest import ROOT

PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "data/*.md", "models/*.md")
    for path in sorted(ROOT.glob(pattern))
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_of_the_project(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text)
    missing = [
        link
        for link in found
        if not link.startswith(("http://", "https://", "mailto:"))
        and not (ROOT / page).parent.joinpath(link).exists()
    ]
    assert missing == []
