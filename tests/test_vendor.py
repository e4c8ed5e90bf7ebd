"""What we ship of others is exactly what the manifest names, with its licence."""

import hashlib
import json
import re
from pathlib import Path

VENDOR = Path(__file__).parent.parent / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
OURS = {"manifest.json", "icons.txt", "refresh.py"}


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_file_is_as_recorded():
    for part in MANIFEST.values():
        for file, facts in part["files"].items():
            assert checksum(VENDOR / file) == facts["sha256"], file


def test_the_icon_sprite_is_as_recorded():
    sprite = MANIFEST["@tabler/icons"]["sprite"]
    assert checksum(VENDOR / sprite["to"]) == sprite["sha256"]


def test_the_sprite_holds_the_icons_that_are_listed():
    drawn = re.findall(r'<symbol id="([^"]+)"', (VENDOR.parent / "img/icons.svg").read_text())
    assert drawn == (VENDOR / "icons.txt").read_text().split() == sorted(set(drawn))


def test_nothing_else_lies_there():
    named = {file for part in MANIFEST.values() for file in part["files"]}
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert there - {name for name in there if "__pycache__" in name} == named | OURS


def test_every_part_has_a_version_and_a_licence_text():
    folders = {file.split("/")[0] for part in MANIFEST.values() for file in part["files"]}
    assert all(part["version"] and part["licence"] for part in MANIFEST.values())
    assert all((VENDOR / folder / "LICENSE").stat().st_size > 500 for folder in folders)
