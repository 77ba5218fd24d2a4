"""The locks, the list of components and the wheel's dependencies agree with the requirements files."""

import json
import re
import tomllib

from packaging.requirements import Requirement

from tests.conftest import ROOT

APP_LOCK = ROOT / "requirements.lock"
LOCKS = [APP_LOCK, *sorted((ROOT / "requirements").glob("*.lock"))]
PIN = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)(?:\s*;\s*(.+?))?\s*(?:#.*)?"
)
ENTRY = re.compile(
    r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)( ; .+?)? \\\n"
    r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path):
    """Name to version of a requirements file and those that it includes; all must be exact."""
    versions = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            versions |= pins(path.parent / line.removeprefix("-r ").strip())
        elif line.strip() and not line.startswith("#"):
            match = PIN.fullmatch(line.strip())
            assert match, f"{path.name} does not pin exactly: {line}"
            versions[normal(match[1])] = match[2]
    return versions


def locked(path):
    """Name to version and hashes of a lock."""
    return {
        normal(name): (version, re.findall(r"sha256:([0-9a-f]{64})", hashes))
        for name, version, _, hashes in ENTRY.findall(path.read_text())
    }


def test_there_are_locks_for_what_the_app_and_the_tests_need():
    assert [path.name for path in LOCKS] == ["requirements.lock", "dev.lock", "postgres.lock"]


def test_every_pin_is_locked_at_its_version():
    for lock in LOCKS:
        pinned, entries = pins(lock.with_suffix(".txt")), locked(lock)
        versions = {name: entries.get(name, ("not locked",))[0] for name in pinned}
        assert versions == pinned, f"{lock.name}: run make lock"


def test_every_entry_has_hashes_and_there_is_nothing_else_in_a_lock():
    for lock in LOCKS:
        text, entries = lock.read_text(), locked(lock)
        rest = ENTRY.sub("", text).splitlines()
        assert [line for line in rest if not re.fullmatch(r"\s*(#.*)?", line)] == [], lock.name
        assert len(entries) > 50
        assert all(hashes for _, hashes in entries.values())
        assert "://" not in text  # where packages come from is the user's affair


def test_the_locks_agree_on_every_version():
    app = locked(APP_LOCK)
    for lock in LOCKS[1:]:
        other = locked(lock)
        shared = app.keys() & other.keys()
        differing = [name for name in shared if app[name] != other[name]]
        assert differing == [], lock.name


def test_a_lock_is_for_all_pythons_and_systems():
    text = APP_LOCK.read_text()
    assert re.search(r"^audioop-lts==\S+ ; python_full_version >= '3\.13'", text, re.MULTILINE)
    assert re.search(r"^colorama==\S+ ; sys_platform == 'win32'", text, re.MULTILINE)


def test_the_list_of_components_is_that_of_the_lock():
    bom = json.loads((ROOT / "requirements" / "sbom.cdx.json").read_text())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in bom
    assert "timestamp" not in bom.get("metadata", {})  # the same lock gives the same file
    listed = {normal(component["name"]): component for component in bom["components"]}
    entries = locked(APP_LOCK)
    assert {name: component["version"] for name, component in listed.items()} == {
        name: version for name, (version, _) in entries.items()
    }, "make sbom"
    for name, component in listed.items():
        assert component["purl"] == f"pkg:pypi/{name}@{component['version']}"
        hashes = {
            digest["content"]
            for reference in component["externalReferences"]
            for digest in reference.get("hashes", ())
        }
        assert hashes == set(entries[name][1])
    assert "://" not in json.dumps(bom["components"])


def test_what_pip_installs_with_the_wheel_allows_the_pinned_versions_and_none_below():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for group, file in [
        (project["dependencies"], ROOT / "requirements.txt"),
        (extras["cluster"], ROOT / "requirements" / "cluster.txt"),
        (extras["postgres"], ROOT / "requirements" / "postgres.txt"),
        (extras["train"], ROOT / "requirements" / "train.txt"),
    ]:
        lowest = {}
        for requirement in map(Requirement, group):
            bounds = [
                bound.version for bound in requirement.specifier if bound.operator in (">=", "==")
            ]
            lowest[normal(requirement.name)] = bounds[0]
        pinned = pins(file)
        if group is not project["dependencies"]:
            for name in pins(ROOT / "requirements.txt"):
                del pinned[name]
        assert lowest == pinned, file.name
