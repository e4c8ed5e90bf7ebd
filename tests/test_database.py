"""Transactions that only read."""

from sqlalchemy import event

from crm.database import commit, db, reading
from tests import factories


def test_a_long_question_takes_no_write_lock(app):
    factories.contact()
    began = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: began.append(given[2]))
    with reading():
        assert db.session.execute(db.text("SELECT count(*) FROM contacts")).scalar() == 1
    db.session.execute(db.text("SELECT 1"))
    commit()
    assert [each for each in began if each.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]
