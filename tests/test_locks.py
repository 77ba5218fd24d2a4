"""The locks, and the list of components, say the same as the requirements files."""

import json
import re

import pytest

from tests.conftest import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))
PIN = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)(?:\s*;\s*(.+?))?\s*(?:#.*)?"
)
ENTRY = re.compile(
    r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)( ; .+?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path):
    """Name to version of a requirements file and those that it includes; all must be exact."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= pins(path.parent / line.removeprefix("-r ").strip())
        elif line.strip() and not line.startswith("#"):
            match = PIN.fullmatch(line.strip())
            assert match, f"{path.name} does not pin exactly: {line}"
            found[normal(match[1])] = match[2]
    return found


def locked(path):
    """Name to version and hashes of a lock."""
    return {
        normal(name): (version, re.findall(r"sha256:([0-9a-f]{64})", hashes))
        for name, version, _, hashes in ENTRY.findall(path.read_text())
    }


def test_there_are_locks_for_what_the_app_and_the_tests_need():
    assert {"requirements.lock", "requirements-dev.lock"} <= {path.name for path in LOCKS}
    if (ROOT / "requirements-postgres.txt").exists():
        assert ROOT / "requirements-postgres.lock" in LOCKS, "run: make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pin_is_locked_at_its_version(lock):
    asked, found = pins(lock.with_suffix(".txt")), locked(lock)
    assert {name: found.get(name, ("not locked",))[0] for name in asked} == asked, "run: make lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_entry_has_hashes_and_there_is_nothing_else_in_a_lock(lock):
    text = lock.read_text()
    rest = "\n".join(
        line for line in ENTRY.sub("", text).splitlines() if not re.fullmatch(r"\s*(#.*)?", line)
    )
    assert rest == ""
    assert len(locked(lock)) > 50
    assert all(hashes for _, hashes in locked(lock).values())
    assert "://" not in text  # where packages come from is the user's affair


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_the_locks_agree_on_every_version(lock):
    app, other = locked(ROOT / "requirements.lock"), locked(lock)
    assert {name: other[name] for name in app if name in other} == {
        name: app[name] for name in app if name in other
    }


def test_a_lock_is_for_all_pythons_and_systems():
    text = (ROOT / "requirements.lock").read_text()
    assert re.search(r"^audioop-lts==\S+ ; python_full_version >= '3\.13'", text, re.MULTILINE)
    assert re.search(r"^colorama==\S+ ; sys_platform == 'win32'", text, re.MULTILINE)


def test_the_list_of_components_is_that_of_the_lock():
    bom = json.loads((ROOT / "sbom.cdx.json").read_text())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in bom
    assert "timestamp" not in bom.get("metadata", {})  # the same lock gives the same file
    listed = {normal(component["name"]): component for component in bom["components"]}
    found = locked(ROOT / "requirements.lock")
    assert {name: component["version"] for name, component in listed.items()} == {
        name: version for name, (version, _) in found.items()
    }, "make sbom"
    for name, component in listed.items():
        assert component["purl"] == f"pkg:pypi/{name}@{component['version']}"
        hashes = {
            each["content"]
            for reference in component["externalReferences"]
            for each in reference.get("hashes", ())
        }
        assert hashes == set(found[name][1])
    assert "://" not in json.dumps(bom["components"])
