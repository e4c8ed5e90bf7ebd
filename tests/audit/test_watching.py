"""Who changed what is written down, once, without secrets."""

import json
from datetime import date, time
from decimal import Decimal

import sqlalchemy as sa

from crm.audit import operations
from crm.audit.models import AuditEntry
from crm.audit.tracking import shown
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.queue import Job, _in_app
from crm.users.models import UserSession
from crm.users.operations import add_token, end_session, open_session, set_password
from tests import factories


def entries(**wanted):
    found = sa.select(AuditEntry).order_by(AuditEntry.id)
    return list(db.session.scalars(found.filter_by(**wanted)))


def everything():
    rows = db.session.execute(sa.select(AuditEntry.label, AuditEntry.changes, AuditEntry.via_name)).all()
    return json.dumps([list(row) for row in rows])


def test_a_change_on_a_page_says_who_from_what_to_what_and_from_where(as_ada, ada):
    data = {"school_name": "Schule Süd", "timezone": "Europe/Berlin"}
    as_ada.post("/settings", data=data)
    as_ada.post("/settings", data={**data, "school_name": "Schule Nord"})
    entry = entries(kind="settings", label="SCHOOL_NAME")[-1]
    assert entry.changes == {"value": ["Schule Süd", "Schule Nord"]}
    assert (entry.user_id, entry.actor, entry.via, entry.ip_address) == (ada.id, "Ada", "page", "127.0.0.1")


def test_saving_what_is_already_so_says_nothing(as_ada):
    for _ in range(2):
        as_ada.post("/settings", data={"school_name": "Schule Süd", "timezone": "Europe/Berlin"})
    assert len(entries(kind="settings", label="SCHOOL_NAME")) == 1


def test_a_contact_is_followed_from_birth_to_death(app):
    carla = factories.contact()
    carla.first_name = "Clara"
    commit()
    db.session.delete(carla)
    commit()
    added, changed, deleted = entries(kind="contacts")
    assert [each.action for each in (added, changed, deleted)] == ["added", "changed", "deleted"]
    assert changed.changes == {"first_name": ["Carla", "Clara"]}
    assert deleted.changes["email"] == ["carla@example.com", None]
    assert added.contact_id == added.record_id == deleted.contact_id


def test_values_of_any_kind_can_be_kept():
    values = (time(9, 30), Decimal("1.50"), b"x", {"at": date(2026, 3, 4)}, [1, None], float("inf"), "x" * 9_000)
    kept = [shown("field", None, each)[1] for each in values]
    assert kept[:4] == ["09:30:00", "1.50", "(data)", {"at": "2026-03-04"}]
    assert len(kept[-1]) == 2_000
    json.dumps(kept)


def test_what_is_undone_leaves_no_entry(app):
    db.session.add(Contact(first_name="Nobody"))
    db.session.flush()
    db.session.rollback()
    assert entries(kind="contacts") == []


def test_no_secret_is_ever_in_it(app, ada):
    canaries = [add_token(ada, "Website"), open_session(ada, "10.0.0.1", "Firefox")]
    hashes = [ada.password_hash]
    set_password(ada, "canary-password-1")
    commit()
    hashes += [ada.password_hash, *db.session.scalars(sa.select(UserSession.token_hash))]
    text = everything()
    assert all(each not in text for each in [*canaries, *hashes, "canary-password-1"])
    assert entries(kind="users", action="changed")[-1].changes["password_hash"] == ["(hidden)", "(hidden)"]


def test_a_sign_out_that_is_one_statement_is_written_down(app, ada):
    token = open_session(ada, "10.0.0.1", "Firefox")
    commit()
    end_session(token)
    end_session(token)
    commit()
    assert [each.action for each in entries(kind="user_sessions")] == ["signed_in", "signed_out"]


def test_a_job_and_a_record_without_rows_say_what_they_are(app):
    def work():
        operations.record("downloaded", "backups", "nightly.tar")
        commit()

    _in_app(app, Job("nightly", work))()
    (entry,) = entries(kind="backups")
    assert (entry.via, entry.via_name, entry.actor) == ("job", "nightly", "")


def test_many_records_in_one_flush_are_one_statement(app):
    seen = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    db.session.add_all(Contact(first_name=f"Nr {number}") for number in range(50))
    commit()
    assert len([each for each in seen if "INTO audit_entries" in each]) == 1
    assert len(entries(kind="contacts")) == 50


def test_a_forgotten_person_is_in_no_entry(app):
    carla = factories.contact(first_name="Canarina", email="canarina@example.com")
    operations.record("downloaded", "contact_exports", "for canarina@example.com")
    operations.forget(carla.id, ["Canarina Diaz", "canarina@example.com"])
    commit()
    assert "anarina" not in everything()
    assert [each.action for each in entries()][-2:] == ["added", "downloaded"]


def test_what_is_old_goes_in_batches(app):
    for number in range(3):
        operations.record("downloaded", "backups", str(number))
    commit()
    end = entries()[-1].occurred_at.replace(year=2100)
    assert [operations.prune(end, 2) for _ in range(3)] == [2, 1, 0]
