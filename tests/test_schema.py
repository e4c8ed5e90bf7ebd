"""The migrations make exactly the schema that the models describe, in one piece or not at all."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from crm import schema
from crm.database import db
from tests.conftest import make_app

NUMBERED = {"contacts", "users", "invitations", "email_messages", "automation_enrollments", "suppressions"}


@pytest.fixture
def migrated(tmp_path):
    app = make_app(tmp_path / "school")
    schema.upgrade(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def modelled(tmp_path_factory):
    """A database made of the models."""
    app = make_app(tmp_path_factory.mktemp("modelled"))
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
    return app.config["INSTANCE_PATH"] / "crm.db"


def objects(path):
    """The name of everything in a database, but for what SQLite and Alembic keep for themselves."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return {row for row in rows if "alembic" not in row[1]}


def test_migrations_and_models_agree(migrated, modelled):
    assert objects(migrated.config["INSTANCE_PATH"] / "crm.db") == objects(modelled)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert [each for each in compare_metadata(context, db.metadata) if "search" not in str(each)] == []


def test_the_same_tables_never_give_a_number_twice(migrated, modelled):
    def found(path):
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
            return {name for (name,) in rows}

    assert found(migrated.config["INSTANCE_PATH"] / "crm.db") == found(modelled) >= NUMBERED


def test_a_database_with_people_keeps_them_and_gives_no_number_again(tmp_path):
    path = tmp_path / "crm.db"
    schema.upgrade_file(path, to="0009")
    with sqlite3.connect(path) as connection:
        now, columns = "2026-01-01 00:00:00", connection.execute("PRAGMA table_info(contacts)").fetchall()
        names = [
            name for _, name, _, is_needed, default, _ in columns if is_needed and default is None and name != "id"
        ]
        add = f"INSERT INTO contacts ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        values = [
            {"lifecycle_stage": "lead"}.get(name, now if name.endswith("_at") else 0 if "score" in name else "carla")
            for name in names
        ]
        for _ in range(3):
            connection.execute(add, values)
        connection.execute("DELETE FROM contacts WHERE id = 3")
        connection.execute(
            "INSERT INTO deleted_records (table_name, record_id, name, packed, actor, deleted_at) VALUES ('contacts', 7, 'Dora', x'00', '', ?)",
            (now,),
        )
    before = objects(path)
    schema.upgrade_file(path)
    with sqlite3.connect(path) as connection:
        assert before <= objects(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT id FROM contacts ORDER BY id").fetchall() == [(1,), (2,)]
        assert connection.execute(add, values).lastrowid == 8
        connection.execute("DELETE FROM contacts WHERE id = 8")
        assert connection.execute(add, values).lastrowid == 9


def test_it_is_asked_while_something_is_written(migrated):
    db.session.execute(sa.text("UPDATE settings SET value = value"))
    assert schema.is_current(migrated)


def test_a_second_upgrade_has_nothing_to_do(migrated):
    assert schema.is_current(migrated)
    assert schema.upgrade(migrated) is False


def test_one_that_fails_halfway_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    app = make_app(tmp_path / "school")

    def broken(connection):
        raise schema.SchemaError("stopped just before the end")

    monkeypatch.setattr(schema, "_check_references", broken)
    with pytest.raises(schema.SchemaError):
        schema.upgrade(app)
    assert objects(tmp_path / "school" / "crm.db") == set()
    monkeypatch.undo()
    assert schema.upgrade(app) is True


def test_foreign_keys_are_on_for_everyone_else(migrated):
    assert db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_two_indexes_of_words_become_one(tmp_path):
    path = tmp_path / "crm.db"
    schema.upgrade_file(path, to="0011")
    with sqlite3.connect(path) as connection:
        for statement in (
            "DROP TRIGGER contacts_search_delete",
            "DROP TABLE contacts_search",
            "CREATE VIRTUAL TABLE contacts_search USING fts5(text, prefix='1 2 3 4', tokenize='unicode61 remove_diacritics 2')",
            "CREATE VIRTUAL TABLE contacts_search_parts USING fts5(text, tokenize='trigram', detail=none, columnsize=0,"
            " content='contacts_search', content_rowid='rowid')",
            "CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN DELETE FROM contacts_search WHERE rowid = old.id; END",
            "INSERT INTO contacts (id, first_name, last_name, sort_name, email, lifecycle_stage, created_at, updated_at)"
            " VALUES (7, 'José', 'Gil', 'jose gil', 'jg@example.com', 'lead', '2026-01-01', '2026-01-01')",
            "INSERT INTO contacts_search (rowid, text) VALUES (7, 'jose gil jg@example.com ')",
        ):
            connection.execute(statement)
    schema.upgrade_file(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT rowid, text FROM contacts_search").fetchall() == [
            (7, "  jose  gil  jg  example  com ")
        ]
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'contacts_search_parts%'").fetchall()
        connection.execute("DELETE FROM contacts")
        assert not connection.execute("SELECT rowid FROM contacts_search WHERE contacts_search MATCH 'jos'").fetchall()
