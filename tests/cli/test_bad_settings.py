"""A setting that cannot be used is said at the prompt, in one line, before anything starts."""

import sqlite3

import pytest

from crm import config
from crm.schema import SchemaError
from tests.processes import run, run_here


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
    reply = run(tmp_path / "instance", "migrate", TIMEZONE="Berlin")
    assert reply.returncode == 1
    assert reply.stderr.startswith("cohort: TIMEZONE: “Berlin” is no time zone")
    assert len(reply.stderr.splitlines()) == 1


def test_a_newer_database_is_refused(tmp_path):
    assert run_here(tmp_path / "instance", "migrate").exit_code == 0
    with sqlite3.connect(tmp_path / "instance" / "crm.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run_here(tmp_path / "instance", "migrate").exception
    assert (type(refused), "newer Cohort" in str(refused)) == (SchemaError, True)


def test_the_secret_is_made_once_and_private(tmp_path):
    run_here(tmp_path / "instance", "migrate")
    secret = tmp_path / "instance" / "secret"
    kept = secret.read_text()
    run_here(tmp_path / "instance", "migrate")
    assert secret.read_text() == kept
    assert secret.stat().st_mode & 0o777 == 0o600
