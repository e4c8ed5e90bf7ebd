"""Whoever sent a broadcast hears what became of it."""

from datetime import timedelta

import sqlalchemy as sa

from crm.broadcasts import operations, reach
from crm.database import commit, db
from crm.health import hold
from crm.lib import clock
from crm.notifications.models import Notification
from tests.broadcasts import kit


def told(user) -> list[str]:
    mine = sa.select(Notification).where(Notification.user_id == user.id).order_by(Notification.id)
    return [f"{each.title}: {each.message}" for each in db.session.scalars(mine)]


def launched_by(user):
    broadcast = kit.draft()
    operations.launch(broadcast, user.actor)
    commit()
    kit.run()
    return broadcast


def test_it_tells_once_that_it_is_through(mo):
    kit.people(2)
    launched_by(mo)
    kit.send()
    kit.run()
    kit.run()
    assert told(mo) == ["“Open day” was sent: 2 of 2 sent."]


def test_it_tells_that_it_was_missed_by_the_clock_or_by_a_decision(mo):
    late, held = kit.draft("Late"), kit.draft("Held")
    at = clock.now() + timedelta(hours=1)
    operations.schedule(late, at, mo.actor)
    commit()
    kit.run(at + timedelta(hours=5))
    operations.schedule(held, at, mo.actor)
    hold.skip(hold.begin("restored", clock.now()), at + timedelta(minutes=1), mo.actor, commit)
    assert [each.partition(":")[0] for each in told(mo)] == ["“Late” did not go out", "“Held” did not go out"]


def test_who_sent_it_hears_that_somebody_else_paused_it(ada, mo, as_mo):
    kit.people(1)
    theirs, own = launched_by(ada), launched_by(mo)
    for each in (theirs, own, theirs):
        as_mo.post(f"/broadcasts/{each.id}/pause")
    assert told(ada) == ["“Open day” was paused: Mo did it."]
    assert not told(mo)


def test_trouble_is_told_once_holds_up_no_other_and_passes(mo, monkeypatch):
    kit.people(1)
    bad, good = kit.draft("Bad"), kit.draft("Good")
    for each in (bad, good):
        operations.launch(each, mo.actor)
    commit()
    meant = reach.meant
    with monkeypatch.context() as broken:
        broken.setattr(reach, "meant", lambda each, now=None: 1 / 0 if each.name == "Bad" else meant(each, now))
        kit.run()
        kit.run()
    assert (bad.status, good.status) == ("launching", "sending")
    assert "division by zero" in bad.error
    assert len(told(mo)) == 1
    kit.run()
    assert (bad.status, bad.error) == ("sending", None)
