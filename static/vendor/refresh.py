"""Fetch the vendored files named in manifest.json, rebuild the icon sprite, record every checksum.

Run by hand when a version changes: edit the version in manifest.json (or add a name to icons.txt), then
`python static/vendor/refresh.py`. Needs npm on the developer's machine; the product itself never does.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"
SPRITE = HERE.parent / "img" / "icons.svg"
SOURCE_MAP = re.compile(rb"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")


def main():
    """Refresh everything in place; running it twice changes nothing."""
    manifest = json.loads(MANIFEST.read_text())
    for name, part in manifest.items():
        with tempfile.TemporaryDirectory() as folder:
            package = unpack(name, part["version"], Path(folder))
            part["files"] = {target: copy(package / file["from"], target) | {"from": file["from"]}
                             for target, file in part["files"].items()}  # fmt: skip
            if "sprite" in part:
                part["sprite"] = {"to": "../img/icons.svg", "sha256": write_sprite(package / "icons" / "outline")}
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")


def unpack(name, version, folder):
    """The package's directory, as npm publishes it."""
    done = subprocess.run(["npm", "pack", f"{name}@{version}", "--silent"], cwd=folder, check=True, capture_output=True)
    with tarfile.open(folder / done.stdout.decode().split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def copy(source, target):
    """Copy one file without its pointer to a source map we do not ship."""
    path = HERE / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SOURCE_MAP.sub(b"\n", source.read_bytes()))
    return {"sha256": checksum(path)}


def write_sprite(folder):
    """One SVG with a symbol for each name in icons.txt."""
    names = sorted(set((HERE / "icons.txt").read_text().split()))
    symbols = "\n".join(symbol(name, (folder / f"{name}.svg").read_text()) for name in names)
    SPRITE.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n')
    return checksum(SPRITE)


def symbol(name, svg):
    """The icon's strokes, coloured by the text around them."""
    body = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL).group(1)
    body = re.sub(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "", body)
    strokes = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24"><g {strokes}>{"".join(body.split(chr(10))).strip()}</g></symbol>'


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
