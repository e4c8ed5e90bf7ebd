"""A mailing whose disk is full in the middle: no mail goes out without its mark, none twice, and it goes on by itself once there is room."""

from __future__ import annotations

import resource

import pytest
import sqlalchemy as sa

from crm.database import commit, db, rollback
from crm.email.models import EmailMessage
from crm.health import checks
from crm.lib import clock
from crm.settings.models import Setting
from tests.email.mailroom import deliver
from tests.faults.test_full_and_busy import full
from tests.faults.test_mailing_killed import arrivals, counts, mailing
from tests.faults.test_worker_killed import until
from tests.faults.worker import Worker
from tests.providers.mail_server import MailServer

RECIPIENTS = 300


def let_leases_run_out() -> None:
    held = EmailMessage.status.in_(("claimed", "sending"))
    db.session.execute(sa.update(EmailMessage).where(held).values(lease_until=clock.now()))
    commit()


def open_ones(seen: dict[str, int]) -> int:
    return sum(seen[each] for each in ("pending", "claimed", "sending"))


def test_a_worker_on_a_full_disk_sends_nothing_and_goes_on_when_there_is_room(app):
    lane = mailing(RECIPIENTS)
    with MailServer() as server:
        worker = Worker(app.config["INSTANCE_PATH"], server.url)
        try:
            assert until(lambda: len(server.messages) >= 60, 30)
            resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            assert until(lambda: _is_still(server), 10)
            while_full = len(server.messages)
            assert while_full < RECIPIENTS
            marked = counts(lane, RECIPIENTS)
            assert marked["sent"] + marked["sending"] + marked["unknown"] >= while_full
            assert worker.is_alive
            resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            let_leases_run_out()
            assert until(lambda: not open_ones(counts(lane, RECIPIENTS)), 90, 0.1), counts(lane, RECIPIENTS)
        finally:
            worker.kill()
        arrived = arrivals(server)
    assert max(arrived.values()) == 1
    ended = counts(lane, RECIPIENTS)
    assert ended["sent"] + ended["unknown"] == RECIPIENTS
    assert len(arrived) >= ended["sent"]


def _is_still(server: MailServer) -> bool:
    before = len(server.messages)
    return not until(lambda: len(server.messages) > before, 1.5)


def test_a_database_that_may_not_grow_says_so_on_the_health_page(app, as_ada):
    mailing(20)
    with MailServer() as server, full(app):
        with pytest.raises(sa.exc.OperationalError, match="full"):
            _fill()
        rollback()
        found = next(each for each in checks.run() if each.subject == "disk")
        assert (found.is_well, "a full disk saves nothing" in found.advice) == (False, True)
        assert "0.0 GB free" in as_ada.get("/settings/health").text
        try:
            deliver(server)
        except sa.exc.OperationalError:
            rollback()
        marked = counts_by_status()
        assert sum(marked.get(each, 0) for each in ("sending", "sent", "unknown")) >= len(server.messages)
    let_leases_run_out()


def _fill() -> None:
    """Take what room is left within the pages that there are."""
    for number in range(1_000):
        db.session.add(Setting(key=f"x{number}", value="x" * 4_000))
        commit()


def counts_by_status() -> dict[str, int]:
    return dict(db.session.execute(sa.select(EmailMessage.status, sa.func.count()).group_by(EmailMessage.status)).all())
