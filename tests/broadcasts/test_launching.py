"""Launching: recipients are written down once, whatever happens meanwhile, and then go out."""

from datetime import timedelta

import sqlalchemy as sa

from crm.audiences.operations import add_to_audience, delete_audience, remove_from_audience
from crm.broadcasts import drafting, freezing, operations
from crm.broadcasts.models import Broadcast
from crm.contacts.operations import delete_contact
from crm.database import commit, db
from crm.delivery.operations import suppress
from crm.lib import clock
from crm.preferences.operations import unsubscribe
from tests import factories
from tests.broadcasts import kit


def test_everyone_gets_it_once_and_it_ends_as_sent(ada):
    kit.people(3)
    broadcast = kit.launched()
    assert (broadcast.status, broadcast.frozen, kit.states(broadcast)) == ("sending", 3, {"pending": 3})
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 3})
    assert kit.messages(broadcast)[0].actor == "Broadcast “Open day”"


def test_a_second_launch_changes_nothing(ada):
    kit.people(2)
    broadcast = kit.draft()
    assert [operations.launch(broadcast, kit.BY) for _ in range(2)] == [True, False]
    commit()
    kit.run()
    assert len(kit.messages(broadcast)) == 2


def test_nobody_is_in_two_audiences_twice_and_the_excluded_are_left_out(ada):
    first, second, third = kit.people(3)
    one, two, out = (factories.audience(name) for name in ("One", "Two", "Out"))
    add_to_audience(one, [first.id, second.id], ada.actor)
    add_to_audience(two, [second.id, third.id], ada.actor)
    add_to_audience(out, [third.id], ada.actor)
    broadcast = kit.draft(is_for_everyone=False)
    drafting.choose_audience(broadcast, [one, two], [out], None)
    operations.launch(broadcast, kit.BY)
    commit()
    kit.run()
    assert [each.contact_id for each in kit.messages(broadcast)] == [first.id, second.id]
    assert broadcast.audience_words == "“One” or “Two”; but nobody in “Out”"


def test_what_changes_in_the_audience_after_the_launch_changes_nothing(ada):
    first, second, _ = kit.people(3)
    audience = factories.audience()
    add_to_audience(audience, [first.id, second.id], ada.actor)
    broadcast = kit.draft(is_for_everyone=False)
    drafting.choose_audience(broadcast, [audience], [], None)
    operations.launch(broadcast, kit.BY)
    commit()
    kit.run()
    remove_from_audience(audience, [first.id], ada.actor)
    delete_audience(audience)
    commit()
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 2})


def test_an_audience_that_was_deleted_before_means_nobody_rather_than_everybody(ada):
    kit.people(2)
    audience = factories.audience()
    broadcast = kit.draft(is_for_everyone=False)
    drafting.choose_audience(broadcast, [], [audience], {"match": "all", "conditions": []}, is_for_everyone=True)
    commit()
    delete_audience(audience)
    commit()
    db.session.expire_all()
    operations.launch(broadcast, kit.BY)
    commit()
    kit.run()
    assert (broadcast.frozen, broadcast.status) == (0, "finished")


def test_a_worker_killed_between_two_chunks_goes_on_without_gap_or_double(ada, monkeypatch):
    kit.people(7)
    monkeypatch.setattr(freezing, "FIRST", 2)
    monkeypatch.setattr(freezing, "CHUNK", 2)
    broadcast = kit.draft()
    operations.launch(broadcast, kit.BY)
    commit()
    assert freezing.freeze(broadcast.id, seconds=0)
    db.session.execute(sa.update(Broadcast).values(lease_until=clock.now() + timedelta(minutes=1)))
    commit()
    assert not freezing.freeze(broadcast.id), "somebody else holds it"
    db.session.expire_all()
    assert (broadcast.frozen, broadcast.status) == (2, "launching")
    db.session.execute(sa.update(Broadcast).values(lease_until=clock.now() - timedelta(minutes=1)))
    commit()
    kit.run()
    assert (broadcast.frozen, kit.states(broadcast)) == (7, {"pending": 7})


def test_nothing_goes_out_before_all_are_written_down(ada, monkeypatch):
    kit.people(4)
    monkeypatch.setattr(freezing, "FIRST", 2)
    broadcast = kit.draft()
    operations.launch(broadcast, kit.BY)
    commit()
    freezing.freeze(broadcast.id, seconds=0)
    kit.send()
    assert kit.states(broadcast) == {"pending": 2}


def test_cancelling_during_the_launch_sends_nothing(ada, monkeypatch):
    kit.people(4)
    monkeypatch.setattr(freezing, "FIRST", 2)
    broadcast = kit.draft()
    operations.launch(broadcast, kit.BY)
    commit()
    freezing.freeze(broadcast.id, seconds=0)
    db.session.expire_all()
    assert operations.cancel(broadcast)
    commit()
    assert not freezing.freeze(broadcast.id)
    kit.run()
    kit.send()
    assert (broadcast.status, kit.states(broadcast)) == ("cancelled", {"cancelled": 2})
    assert broadcast.finished_at


def test_who_cannot_be_written_to_is_written_down_with_the_reason(ada):
    kit.people(1)
    factories.contact(email=None)
    blocked, gone = factories.contact(email="blocked@example.com"), factories.contact(email="gone@example.com")
    suppress("blocked@example.com", "It bounced.")
    commit()
    broadcast = kit.launched()
    unsubscribe(gone, gone.email, by=kit.BY)
    commit()
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 1, "skipped": 3})
    assert all(each.reason for each in kit.messages(broadcast) if each.status == "skipped")
    assert blocked.id in {each.contact_id for each in kit.messages(broadcast) if each.status == "skipped"}


def test_a_contact_deleted_under_way_is_not_written_to(ada):
    first, _ = kit.people(2)
    broadcast = kit.launched()
    delete_contact(first, kit.BY)
    commit()
    kit.send()
    kit.run()
    assert (broadcast.status, broadcast.frozen, kit.states(broadcast)) == ("finished", 2, {"sent": 1})


def test_each_contact_gets_it_at_the_hour_of_their_own_clock(app, ada):
    app.config["TIMEZONE"] = "Europe/Berlin"
    kit.people(1, timezone="America/New_York")
    factories.contact(email="b@example.com", timezone="Asia/Tokyo")
    factories.contact(email="c@example.com", timezone="Nowhere/Land")
    wall = (clock.now() + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    broadcast = kit.draft()
    operations.schedule_locally(broadcast, wall, kit.BY)
    commit()
    assert broadcast.scheduled_at == clock.moment_of(wall, "Pacific/Kiritimati")
    kit.run(broadcast.scheduled_at)
    due = [each.due_at for each in sorted(kit.messages(broadcast), key=lambda each: each.contact_id)]
    assert due == [clock.moment_of(wall, zone) for zone in ("America/New_York", "Asia/Tokyo", "Europe/Berlin")]


def test_one_after_a_deleted_one_goes_to_the_same_people_again(app):
    kit.people(2)
    first = kit.launched("First")
    kit.send()
    kit.run()
    drafting.delete_broadcast(first)
    commit()
    second = kit.launched("Second")
    kit.send()
    assert kit.states(second) == {"sent": 2}


def test_whoever_sends_the_draft_of_another_reaches_those_in_their_own_sight(ada, agnes):
    mine, _ = kit.people(2)
    mine.owner_id = agnes.id
    broadcast = kit.draft(created_by=ada.id)
    operations.launch(broadcast, agnes.actor)
    commit()
    kit.run()
    assert [each.contact_id for each in kit.messages(broadcast)] == [mine.id]
