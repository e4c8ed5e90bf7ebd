"""A new school's first large file: the indexes of lists are built at its end, whatever becomes of the import."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.imports import loading, operations, runs
from crm.imports.jobs import run_imports
from crm.lib import clock
from crm.tags.models import Tag
from tests import factories
from tests.imports.files import received

LISTS = {"ix_contacts_sort_name", "ix_contacts_city", "ix_contacts_country", "ix_contacts_board"}
PEOPLE = "First name,Email\n" + "".join(f"P{each},p{each}@example.com\n" for each in range(30))


def lists() -> set[str]:
    found = set(db.session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'index'")))
    commit()
    assert {"uq_contacts_email", "ix_contacts_phone", "ix_contacts_guardian_id", "ix_contacts_created_at"} <= found
    return LISTS & found


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(loading, "MANY", 20)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def seen_while_importing(file, **how) -> set[str]:
    seen: list[set[str]] = []
    runs.import_file(file, progress=lambda *_: seen.append(lists()), **how)
    return seen[-1]


def test_a_large_file_into_a_new_school_builds_them_once(app, many, file):
    before = all_indexes()
    assert seen_while_importing(file) == set()
    assert all_indexes() == before
    commit()


def all_indexes() -> dict[str, str]:
    text = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in db.session.execute(text)}


def test_a_trial_or_a_small_file_leaves_them(app, file, monkeypatch):
    assert seen_while_importing(file) == LISTS
    monkeypatch.setattr(loading, "MANY", 20)
    assert seen_while_importing(file, is_dry_run=True) == LISTS


def test_a_school_in_use_keeps_them(app, many, file):
    for each in range(4):
        factories.contact(email=f"c{each}@example.com")
    assert seen_while_importing(file) == LISTS


def test_they_are_built_when_the_import_fails(app, many):
    with pytest.raises(ZeroDivisionError), loading.indexing_at_the_end(30):
        assert lists() == set()
        factories.contact()
        db.session.add(Tag(name="Half done", slug="half-done"))
        db.session.flush()
        raise ZeroDivisionError
    assert lists() == LISTS
    assert db.session.scalar(sa.select(sa.func.count(Tag.id))) == 0


def test_the_worker_builds_what_a_killed_process_left(app, many, ada):
    found = received(PEOPLE, ada)
    operations.start(found)
    commit()
    killed = loading.indexing_at_the_end(30)
    killed.__enter__()
    found.lease_until = clock.now() + timedelta(seconds=30)
    commit()
    run_imports()
    assert lists() == set()
    found.lease_until = None
    commit()
    run_imports()
    assert (found.status, lists()) == ("done", LISTS)


@pytest.mark.parametrize("rows", [20, 1_000_000], ids=["without those of lists", "with all"])
def test_whom_only_a_name_tells_apart_is_found_by_an_index_all_the_same(app, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(loading, "MANY", rows)
    path, asked, plans = tmp_path / "names.csv", [], []
    path.write_text("First name\n" + "".join(f"P{each}\n" for each in range(30)))

    def ask(*each):
        if "contacts.email IS NULL" in each[2]:
            asked.append(each[2:4])

    def explain(*_):
        statement, values = asked[-1]
        plans.append(str(db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()))

    sa.event.listen(db.engine, "before_cursor_execute", ask)
    found = runs.import_file(path, progress=explain)
    sa.event.remove(db.engine, "before_cursor_execute", ask)
    commit()
    assert found.created == 30
    assert "SEARCH contacts USING INDEX ix_contacts_unreachable (sort_name=?" in plans[-1]
