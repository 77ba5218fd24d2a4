"""The project's own pages link to what is there."""

import re
from pathlib import Path

from tests.conftest import ROOT

PAGES = [
    path
    for pattern in ("*.md", "docs/*.md", "data/*.md", "models/*.md")
    for path in sorted(ROOT.glob(pattern))
]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
OUTSIDE = ("http://", "https://", "mailto:")


def links_of(page: Path) -> list[str]:
    """What a page links to inside the project, with the anchor."""
    text = page.read_text(encoding="utf-8")
    links = [link or source for link, source in LINK.findall(text)]
    return [link for link in links if not link.startswith(OUTSIDE)]


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_links_lead_to_files_and_headings_of_the_project():
    broken = []
    for page in PAGES:
        for link in links_of(page):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            if not target.exists() or (anchor and anchor not in anchors_of(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


def test_links_are_found():
    assert sum(len(links_of(page)) for page in PAGES) > 50
