"""What must not be in the repository: the addresses of registries, and paths of the machine it was written on."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Put together here, so that this file does not name them either.
_REGISTRIES = [
    r"\.".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
        ("proxy", "golang", "org"),
    )
]
_MACHINE = [
    f"/{top}/{below}"
    for top, below in (("work", "(main|shared)"), ("root", r"\.pyenv"), ("opt", "pypi"), ("tmp", "hp/"))
]
_FORBIDDEN = re.compile("|".join([*_REGISTRIES, *_MACHINE]))


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if _FORBIDDEN.search(line)
    ]
    assert found == []


def test_the_pattern_finds_them() -> None:
    assert _FORBIDDEN.search("--index-url https://py" + "pi.org/simple")
    assert _FORBIDDEN.search("# see /wo" + "rk/main/README.md")
