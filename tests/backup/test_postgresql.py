"""Backups of a school on PostgreSQL, by PostgreSQL's own programs: made, put back, and refused in one line each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from flask import Flask

from crm import schema
from crm.backup import archive, operations, postgresql_dump, shelf
from crm.backup.archive import BackupError
from crm.contacts.models import Contact
from crm.contacts.search import by_parts
from crm.database import commit, db
from crm.health import checks, hold
from crm.users.models import UserSession
from crm.users.operations import open_session
from tests import factories
from tests.backup.test_backup import names, rewritten
from tests.conftest import make_app
from tests.factories import PASSWORD
from tests.postgresql import postgresql, programs
from tests.processes import run, run_here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with postgresql() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(programs(url)), prepend=os.pathsep)
        address = sa.make_url(url).set(password="sesame").render_as_string(hide_password=False)
        app = make_app(tmp_path_factory.mktemp("school"), DATABASE_URL=address)
        schema.upgrade(app)
        with app.app_context():
            yield app
            postgresql_dump._leave()


@pytest.fixture
def app(server: Flask) -> Iterator[Flask]:
    """The school without contacts, holds and backups."""
    yield server
    db.session.rollback()
    for each in (Contact, hold.Hold, UserSession):
        db.session.execute(sa.delete(each))
    commit()
    shutil.rmtree(shelf.folder())


@pytest.fixture
def backup(app: Flask, tmp_path: Path) -> Path:
    factories.contact()
    commit()
    operations.back_up(tmp_path / "school.tar", "asked")
    return tmp_path / "school.tar"


def tell(statement: str) -> None:
    db.session.execute(sa.text(statement))
    commit()


def schemas() -> set[str]:
    return set(sa.inspect(db.engine).get_schema_names()) - {"information_schema"}


def test_it_comes_back_after_damage_and_is_sound(backup: Path) -> None:
    open_session(factories.user("ada"))
    factories.contact(first_name="Later", email="later@example.com")
    tell("DROP TABLE email_messages CASCADE")
    operations.restore(backup, "Ada's O'Hara")
    assert names() == ["Carla"]
    assert db.session.scalar(sa.select(sa.func.count(UserSession.id))) == 0
    assert (hold.current().cause, hold.current().begun_by) == ("restored", "Ada's O'Hara")
    assert {each.subject for each in checks.run_all() if not each.is_well} == {"worker", "hold", "backup"}
    assert by_parts("arla").finds_any()
    assert schemas() == {"public"}


def test_what_it_replaced_comes_back_too_and_numbers_go_on(backup: Path) -> None:
    factories.contact(first_name="Later", email="later@example.com")
    commit()
    operations.restore(backup, "Ada")
    (replaced,) = shelf.kept()
    assert (replaced.reason, replaced.manifest.counts["contacts"]) == ("replaced", 2)
    operations.restore(replaced.path, "Ada")
    assert names() == ["Carla", "Later"]
    factories.contact(first_name="Newest", email="newest@example.com")
    commit()
    assert names() == ["Carla", "Later", "Newest"]


def test_from_the_page_it_comes_back_and_what_cannot_is_said_there(backup: Path, server: Flask) -> None:
    client, token = server.test_client(), open_session(factories.user("ada", "crm_admin"))
    commit()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    assert client.post("/settings/backups").status_code == 303
    (found,) = shelf.kept()
    url, asked = f"/settings/backups/{found.name}/restoration", {"word": "restore", "password": PASSWORD}
    whole = found.path.read_bytes()
    rewritten(found.path, of_nothing)
    refused = client.post(url, data=asked)
    assert (refused.status_code, "pg_restore failed" in refused.text) == (422, True)
    found.path.write_bytes(whole)
    factories.contact(first_name="Later", email="later@example.com")
    commit()
    assert client.post(url, data=asked).status_code == 200
    assert names() == ["Carla"]
    assert client.get("/people").status_code == 302


def cut(members: dict[str, bytes]) -> None:
    members["crm.pgdump"] = members["crm.pgdump"][:-2000]


def cut_before_it_was_put_in(members: dict[str, bytes]) -> None:
    cut(members)
    vouch(members)


def of_nothing(members: dict[str, bytes]) -> None:
    members["crm.pgdump"] = b"PGDMP"
    vouch(members)


def vouch(members: dict[str, bytes]) -> None:
    """Let the manifest name the dump as it now is."""
    manifest, data = json.loads(members["manifest.json"]), members["crm.pgdump"]
    manifest["files"]["crm.pgdump"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    members["manifest.json"] = json.dumps(manifest).encode()


def grow_up(members: dict[str, bytes]) -> None:
    members["manifest.json"] = re.sub(rb'"schema": "\d+"', b'"schema": "9999"', members["manifest.json"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut, "crm.pgdump in the backup is damaged"),
        (cut_before_it_was_put_in, "pg_restore failed: could not "),
        (of_nothing, "pg_restore failed: "),
        (grow_up, "newer Cohort"),
    ],
)
def test_what_is_no_sound_dump_is_refused_and_changes_nothing(
    backup: Path, change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    factories.contact(first_name="Later", email="later@example.com")
    commit()
    rewritten(backup, change)
    with pytest.raises(BackupError, match=words) as problem:
        operations.restore(backup, "Ada")
    assert "\n" not in str(problem.value)
    assert names() == ["Carla", "Later"]
    assert not hold.current()
    assert shelf.kept() == []


def test_without_its_programs_it_says_which_to_install(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(backup.parent))
    for act in (lambda: operations.back_up(backup, "asked"), lambda: operations.restore(backup, "Ada")):
        with pytest.raises(BackupError, match=r"^pg_dump is not installed here\."):
            act()
    assert not hold.current()


def test_a_server_that_lets_nobody_in_is_told_in_one_line(backup: Path, server: Flask, tmp_path: Path) -> None:
    url = sa.make_url(server.config["DATABASE_URL"]).set(username="nobody_known").render_as_string(hide_password=False)
    refused, checked = (
        run_here(tmp_path, "restore", str(backup), "--yes", DATABASE_URL=url),
        run(tmp_path, "doctor", DATABASE_URL=url),
    )
    assert (refused.exit_code, checked.returncode) == (1, 1)
    for said in (refused.output, checked.stderr):
        (line,) = said.strip().splitlines()
        assert 'role "nobody_known" does not exist' in line


def test_no_password_stands_in_the_list_of_processes(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = tmp_path / "pg_dump"
    spy.write_text('#!/bin/sh\necho "error: $* $PGPASSWORD" >&2\nexit 1\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BackupError) as problem:
        operations.back_up(tmp_path / "x.tar", "asked")
    assert str(problem.value).count("sesame") == 1


def elsewhere(tmp_path: Path, damage: str = "SELECT 1") -> Path:
    """A backup of a school with the schema of long ago, which then was damaged."""
    with postgresql() as url:
        old = make_app(tmp_path / "old", DATABASE_URL=url)
        with old.app_context():
            config, _ = schema._alembic()
            with schema._unguarded_connection() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "0001")
                connection.exec_driver_sql(damage)
                connection.commit()
            postgresql_dump.dump(tmp_path / "old.pgdump")
            postgresql_dump._leave()
    manifest = archive.Manifest("2026-11-20T00:00:00+00:00", "0.1.0", "0001", "postgresql", "asked")
    archive.write(tmp_path / "old.tar", manifest, {"crm.pgdump": tmp_path / "old.pgdump"})
    return tmp_path / "old.tar"


def test_an_older_schema_is_migrated_on_the_way(backup: Path, tmp_path: Path) -> None:
    operations.restore(elsewhere(tmp_path), "Ada")
    assert schema.revision() == schema._alembic()[1].get_current_head()
    assert hold.current().since.isoformat() == "2026-11-20T00:00:00+00:00"
    assert names() == []


def test_data_that_cannot_be_migrated_leave_what_was_there(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be used") as problem:
        operations.restore(elsewhere(tmp_path, "DROP TABLE contacts CASCADE"), "Ada")
    assert "\n" not in str(problem.value)
    assert names() == ["Carla"]
    assert (schemas(), hold.current()) == ({"public"}, None)


def test_a_database_too_damaged_to_be_kept_is_set_aside(backup: Path) -> None:
    tell("UPDATE pg_class SET relowner = 4000000000 WHERE relname = 'contact_notes'")
    operations.restore(backup, "Ada")
    assert names() == ["Carla"]
    (aside,) = schemas() - {"public"}
    assert re.fullmatch(r"damaged_\d{8}_\d{6}", aside)
    tell(f"DROP SCHEMA {aside} CASCADE")
