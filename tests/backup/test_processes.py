"""The real thing: a backup while others write, restored elsewhere; and yesterday's copy with something due, which asks."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

from tests.processes import run, run_here, serving, wait_until

YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M:%S.%f}"


def sql(instance, statement, *values):
    with sqlite3.connect(instance / "crm.db", timeout=20) as connection:
        return connection.execute(statement, values).fetchall()


def writing(instance, stop):
    """Add contacts two by two, each pair in one transaction, until told to stop."""
    with sqlite3.connect(instance / "crm.db", timeout=20) as connection:
        number = 0
        while not stop.is_set():
            number += 1
            with connection:
                for half in ("first", "second"):
                    connection.execute(
                        "INSERT INTO contacts (first_name, last_name, sort_name, email, lifecycle_stage, created_at, updated_at)"
                        " VALUES (?, ?, '', ?, 'lead', ?, ?)",
                        (str(number), half, f"{number}.{half}@example.com", YESTERDAY, YESTERDAY),
                    )


def test_a_backup_under_load_comes_back_whole_elsewhere(tmp_path):
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "school.tar"
    assert run_here(here, "migrate").exit_code == 0
    stop = threading.Event()
    writer = threading.Thread(target=writing, args=(here, stop))
    writer.start()
    try:
        wait_until(lambda: sql(here, "SELECT count(*) FROM contacts")[0][0] > 100, 20)
        made = run(here, "backup", str(file))
    finally:
        stop.set()
        writer.join()
    assert (made.returncode, "checked" in made.stdout) == (0, True), made.stderr
    done = run(there, "restore", str(file), "--yes")
    assert done.returncode == 0, done.stderr
    assert sql(there, "PRAGMA integrity_check") == [("ok",)]
    (total,), (pairs,) = (
        sql(there, "SELECT count(*) FROM contacts")[0],
        sql(there, "SELECT count(DISTINCT first_name) FROM contacts")[0],
    )
    assert total == 2 * pairs > 100
    assert "On hold since" in run_here(there, "hold").stdout


def test_a_running_school_is_restored_and_asks_before_it_sends(tmp_path):
    here, file = tmp_path / "here", tmp_path / "school.tar"
    assert run_here(here, "demo", "--contacts", "12").exit_code == 0
    sql(
        here,
        "UPDATE email_messages SET status = 'pending', due_at = ? WHERE id = (SELECT min(id) FROM email_messages)",
        YESTERDAY,
    )
    assert run_here(here, "backup", str(file)).exit_code == 0
    with serving(here):
        wait_until(lambda: status(here) != "pending", 20)
        assert run(here, "restore", str(file), "--yes").returncode == 0
        assert status(here) == "pending"
        beat = sql(here, "SELECT seen_at FROM heartbeats")
        wait_until(lambda: sql(here, "SELECT seen_at FROM heartbeats") != beat, 60)
        assert status(here) == "pending"
        said = run_here(here, "hold", "--go-on").stdout
        assert "1 email due" in said or "1 email" in said
        wait_until(lambda: status(here) != "pending", 90)


def status(instance):
    return sql(instance, "SELECT status FROM email_messages ORDER BY id LIMIT 1")[0][0]
