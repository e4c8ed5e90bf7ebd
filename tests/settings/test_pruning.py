"""What is kept no longer goes every night."""

from datetime import timedelta

import sqlalchemy as sa

from crm.audit import operations as audit
from crm.audit.models import AuditEntry
from crm.database import commit, db
from crm.lib import clock
from crm.settings import pruning
from crm.settings.queries import prunings
from crm.users.models import UserSession
from crm.users.operations import open_session

NOW = clock.now()


def never(_seconds):
    """No pause."""


def test_old_entries_go_and_the_page_says_how_many(app, as_ada, ada):
    audit.record("downloaded", "backups", "old")
    open_session(ada)
    db.session.execute(sa.update(UserSession).values(last_seen_at=NOW))
    commit()
    assert pruning.run(never, NOW + timedelta(days=179))["sign-ins"] == 0
    counts = pruning.run(never, NOW + timedelta(days=800))
    assert counts["sign-ins"] == 2
    assert counts["audit"] >= 1
    assert db.session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 0
    assert {each.key: each.count for each in prunings()}["sign-ins"] == 2


def test_what_is_kept_for_good_is_left_alone(app):
    app.config["AUDIT_KEPT_DAYS"] = 0
    audit.record("downloaded", "backups", "old")
    commit()
    assert "audit" not in pruning.run(never, NOW + timedelta(days=9_000))
