"""The real thing: a backup while another process writes, restored elsewhere; and a school that is served, killed at and restored."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from tests.processes import run, run_here, serving, wait_until


def moment(ago: timedelta = timedelta()) -> str:
    """As the database writes it."""
    return f"{datetime.now(UTC) - ago:%Y-%m-%d %H:%M:%S.%f}"


YESTERDAY = moment(timedelta(days=1))
WRITER = """
import itertools, sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=20)
for number in itertools.count():
    with connection:
        for half in ("first", "second"):
            connection.execute(
                "INSERT INTO contacts (first_name, last_name, sort_name, email, lifecycle_stage, created_at, updated_at)"
                " VALUES (?, ?, '', ?, 'lead', ?, ?)",
                (str(number), half, f"{number}.{half}@example.com", sys.argv[2], sys.argv[2]),
            )
    time.sleep(0.002)
"""
"""Adds contacts two by two, each pair in one transaction, some hundred times a second until it is killed."""


def sql(instance, statement, *values):
    with sqlite3.connect(instance / "crm.db", timeout=20) as connection:
        return connection.execute(statement, values).fetchall()


def test_a_backup_under_load_comes_back_whole_elsewhere(tmp_path):
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "school.tar"
    assert run_here(here, "migrate").exit_code == 0
    with subprocess.Popen([sys.executable, "-c", WRITER, here / "crm.db", YESTERDAY]) as writer:
        try:
            wait_until(lambda: sql(here, "SELECT count(*) FROM contacts")[0][0] > 100, 60)
            made = run_here(here, "backup", str(file))
            assert writer.poll() is None
        finally:
            writer.kill()
    assert (made.exit_code, "checked" in made.stdout) == (0, True), made.stderr
    done = run(there, "restore", str(file), "--yes")
    assert done.returncode == 0, done.stderr
    assert sql(there, "PRAGMA integrity_check") == [("ok",)]
    (total,), (pairs,) = (
        sql(there, "SELECT count(*) FROM contacts")[0],
        sql(there, "SELECT count(DISTINCT first_name) FROM contacts")[0],
    )
    assert total == 2 * pairs > 100
    assert "On hold since" in run_here(there, "hold").stdout


def test_a_served_school_survives_a_kill_and_asks_after_a_restore_before_it_sends(tmp_path):
    here, file = tmp_path / "here", tmp_path / "school.tar"
    assert run_here(here, "demo", "--contacts", "12").exit_code == 0
    due = "UPDATE email_messages SET status = 'pending', due_at = ? WHERE id = (SELECT min(id) FROM email_messages)"
    sql(here, due, YESTERDAY)
    assert run_here(here, "backup", str(file)).exit_code == 0
    with serving(here):
        wait_until(lambda: status(here) != "pending", 60)
        kill_the_worker(here)
        see_the_worker_beat(here, moment())
        before = moment()
        assert "-replaced.tar" in run_here(here, "restore", str(file), "--yes").stdout
        assert status(here) == "pending"
        see_the_worker_beat(here, before)
        assert status(here) == "pending"
        assert "1 email" in run_here(here, "hold", "--go-on").stdout
        wait_until(lambda: status(here) != "pending", 90)
    wait_until(lambda: not children(here, "worker") + children(here, "web"), 60)


def status(instance):
    return sql(instance, "SELECT status FROM email_messages ORDER BY id LIMIT 1")[0][0]


def kill_the_worker(instance):
    (number,) = children(instance, "worker")
    os.kill(number, signal.SIGKILL)


def see_the_worker_beat(instance, after):
    """It was started again and works, as it says first thing."""
    wait_until(lambda: (sql(instance, "SELECT max(seen_at) FROM heartbeats")[0][0] or "") > after, 60)


def children(instance, word):
    """The processes of this school whose command line has the word."""
    found = []
    for each in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{each}/environ") as environ, open(f"/proc/{each}/cmdline") as command:
                if str(instance) in environ.read() and f"crm.cli\0{word}" in command.read():
                    found.append(int(each))
        except OSError:
            continue
    return found
