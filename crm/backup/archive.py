"""The file of a backup: a plain tar whose first member, `manifest.json`, names every other with its size and SHA-256.

Readable by its owner alone, and under its name only when it is whole and on the disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "crm.db", "postgresql": "crm.pgdump"}
SECRET = "secret"  # noqa: S105  the name of a member
CHUNK = 1 << 20
_LONGEST_MANIFEST = 8 << 20


class BackupError(Exception):
    """A backup that cannot be made or used; the text says why and what to do."""


def in_a_line(error: Exception) -> str:
    """What is wrong, without the statement that met it."""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `counts` is how much of what it holds, `files` every member's size and SHA-256."""

    made_at: str
    version: str
    schema: str
    database: str
    reason: str
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    school: str = ""
    format: int = FORMAT

    @property
    def is_sound(self) -> bool:
        """Whether it is of a format that is known, and what it says is of the kind it should be."""
        words = (self.made_at, self.version, self.schema, self.database, self.reason, self.school)
        return (
            self.format <= FORMAT
            and bool(self.moment.tzinfo)
            and all(isinstance(each, str) for each in words)
            and all(isinstance(each, int) for each in self.counts.values())
            and all(isinstance(each, dict) for each in self.files.values())
        )

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def write(target: Path, manifest: Manifest, members: Mapping[str, Path]) -> None:
    """Write these files and what is said of them to `target`."""
    files = {name: {"size": path.stat().st_size, "sha256": digest(path)} for name, path in members.items()}
    words = json.dumps(asdict(manifest) | {"files": files}, ensure_ascii=False, indent=1).encode()
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.addfile(_member(MANIFEST, len(words)), io.BytesIO(words))
                for name, path in members.items():
                    with path.open("rb") as content:
                        tar.addfile(_member(name, files[name]["size"]), content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(path: Path) -> Manifest:
    """What the file says of itself. Raises BackupError when it is no backup of ours."""
    with _opened(path) as tar:
        return _manifest(tar)


def unpack(path: Path, folder: Path) -> Manifest:
    """Put every member into the folder, each checked against the manifest. Raises BackupError and leaves what it wrote to the caller."""
    with _opened(path) as tar:
        manifest = _manifest(tar)
        missing = set(manifest.files)
        for member in _members(tar):
            if member.name not in missing or not member.isreg() or not _is_plain(member.name):
                raise BackupError(f"The backup holds “{member.name[:80]}”, which it does not name. It was not used.")
            missing.remove(member.name)
            _put(tar, member, folder / member.name, manifest.files[member.name])
    if missing:
        raise BackupError(f"The backup lacks {sorted(missing)[0]}. It was cut short; use another one.")
    return manifest


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, "r:")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BackupError(f"{path.name} cannot be read as a backup ({type(error).__name__}).") from None


def _manifest(tar: tarfile.TarFile) -> Manifest:
    try:
        first = tar.next()
        file = tar.extractfile(first) if first and first.name == MANIFEST and first.size < _LONGEST_MANIFEST else None
        made = Manifest(**json.loads(file.read())) if file else None
        known = made is not None and made.is_sound and made.database in DATABASES
    except (tarfile.TarError, ValueError, TypeError, AttributeError, OSError, EOFError, RecursionError):
        made, known = None, False
    if made is None or not known:
        raise BackupError("This is no backup of Cohort, or one of a newer version.")
    return made


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        while member := tar.next():
            yield member
    except (tarfile.TarError, OSError, EOFError):
        raise BackupError("The backup was cut short; use another one.") from None


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    is_inside = bool(parts) and not name.startswith("/") and ".." not in parts
    return is_inside and name == "/".join(parts) and "\\" not in name and "\0" not in name


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, said: Mapping[str, Any]) -> None:
    if shutil.disk_usage(target.anchor or "/").free < member.size:
        raise BackupError("There is not enough room on the disk to unpack this backup.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source, sum_ = tar.extractfile(member), hashlib.sha256()
    assert source is not None
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := source.read(CHUNK):
                sum_.update(chunk)
                file.write(chunk)
    except (tarfile.TarError, EOFError):
        raise BackupError("The backup was cut short; use another one.") from None
    if sum_.hexdigest() != said.get("sha256"):
        raise BackupError(f"{member.name} in the backup is damaged: its checksum is wrong. Use another backup.")
