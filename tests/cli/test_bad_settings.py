"""A setting that cannot be used is said at the prompt, in one line, before anything starts."""

import os
import sqlite3
import subprocess
import sys

import pytest

from crm import config
from tests.processes import run_here


def cohort(tmp_path, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "crm.cli", *arguments],
        env={**os.environ, "INSTANCE_PATH": str(tmp_path / "instance"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TIMEZONE", "Berlin", "no time zone"),
        ("PUBLIC_URL", "crm.example.org", "no web address"),
        ("DATABASE_URL", "mysql://x", "sqlite:/// or postgresql://"),
        ("SMTP_URL", "mail.example.org:587", "smtp://user:password@host:port"),
        ("SMTP_URL", "smtp://mail.example.org?tls=maybe", "smtp://user:password@host:port"),
        ("MAIL_FROM", "Riverside School", "School <office@school.example>"),
        ("SECRET_KEY", "short", "32 characters"),
        ("LOG_LEVEL", "loud", "no log level"),
    ],
)
def test_it_names_the_setting_and_what_would_do(tmp_path, name, value, words):
    with pytest.raises(config.ConfigError, match=f"^{name}: ") as refused:
        config.load(tmp_path / "instance", {name: value})
    assert words in str(refused.value)


def test_it_is_said_in_one_line_before_anything_starts(tmp_path):
    reply = cohort(tmp_path, "migrate", TIMEZONE="Berlin")
    assert reply.returncode == 1
    assert reply.stderr.startswith("cohort: TIMEZONE: “Berlin” is no time zone")
    assert len(reply.stderr.splitlines()) == 1


def test_a_newer_database_is_refused(tmp_path):
    assert run_here(tmp_path / "instance", "migrate").exit_code == 0
    with sqlite3.connect(tmp_path / "instance" / "crm.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    reply = cohort(tmp_path, "migrate")
    assert (reply.returncode, "newer Cohort" in reply.stderr) == (1, True)


def test_the_secret_is_made_once_and_private(tmp_path):
    cohort(tmp_path, "migrate")
    secret = tmp_path / "instance" / "secret"
    kept = secret.read_text()
    run_here(tmp_path / "instance", "migrate")
    assert secret.read_text() == kept
    assert secret.stat().st_mode & 0o777 == 0o600
