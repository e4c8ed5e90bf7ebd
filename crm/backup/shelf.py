"""The folder of backups: what is there, what a new one is called, and how many are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app

from crm.backup.archive import BackupError, Manifest, read_manifest
from crm.database import db, is_postgresql

NAME = re.compile(r"cohort-\d{8}-\d{6}(-\d+)?-(nightly|asked|replaced|uploaded)\.tar", re.ASCII)
REASONS = {
    "nightly": "Every night",
    "asked": "Asked for",
    "replaced": "Before a restore",
    "uploaded": "Uploaded",
}
REPLACED_KEPT = 5
"""So many of what restores replaced are kept."""
MADE_ELSEWHERE = {"backups", "exports", "queue.db", "config.toml", "setup-code", "cohort.log", "shot.log"}
"""What of the instance folder is no part of a backup: it can be made again, or belongs to this machine alone."""


@dataclass(frozen=True)
class Kept:
    """A backup in the folder. `manifest` is None, and `problem` says why, when it cannot be read."""

    path: Path
    made_at: datetime
    size: int
    manifest: Manifest | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def reason(self) -> str:
        return self.name.rsplit("-", 1)[1].removesuffix(".tar")

    @property
    def reason_label(self) -> str:
        return REASONS[self.reason]


def folder() -> Path:
    """Where they are kept."""
    path = Path(current_app.config["INSTANCE_PATH"]) / "backups"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def kept() -> list[Kept]:
    """Every backup in the folder, newest first."""
    found = [_kept(path) for path in folder().iterdir() if NAME.fullmatch(path.name)]
    return sorted(found, key=lambda each: (each.made_at, each.name), reverse=True)


def find(name: str) -> Kept | None:
    """The backup of this name."""
    path = folder() / name
    return _kept(path) if NAME.fullmatch(name) and path.is_file() else None


def _kept(path: Path) -> Kept:
    stat = path.stat()
    try:
        manifest = read_manifest(path)
    except BackupError as error:
        return Kept(path, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size, None, str(error))
    return Kept(path, manifest.moment, stat.st_size, manifest)


def new_path(reason: str, now: datetime) -> Path:
    """A free name for a backup made now."""
    stem = f"cohort-{now:%Y%m%d-%H%M%S}"
    names = (f"{stem}{f'-{number}' if number else ''}-{reason}.tar" for number in range(1000))
    return next(path for name in names if not (path := folder() / name).exists())


def thin_out(reason: str, keep: int) -> int:
    """Remove all but the newest `keep` of that kind; how many went."""
    old = [each for each in kept() if each.reason == reason][keep:]
    for each in old:
        each.path.unlink(missing_ok=True)
    return len(old)


def belongs(name: str) -> bool:
    """Whether a file of the instance with this name, from there, belongs into a backup, and may come out of one."""
    top, live = name.split("/")[0], live_path()
    is_database = live is not None and name.rpartition("/")[2].startswith(live.name)
    is_transient = top.startswith(("queue.db", "restoring-", "backing-", ".")) or name.endswith((".lock", ".part"))
    return top not in MADE_ELSEWHERE and not is_database and not is_transient


def instance_files() -> Iterator[tuple[str, Path]]:
    """Every other file of the instance that belongs into a backup, by its name from there."""
    root = Path(current_app.config["INSTANCE_PATH"])
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not path.is_symlink() and belongs(name):
            yield name, path


def live_path() -> Path | None:
    """The file of the data in use; None where they are on a PostgreSQL server."""
    return None if is_postgresql() else Path(str(db.engine.url.database))
