"""Pausing, going on, cancelling, and schedules that nobody was there for."""

from datetime import timedelta

import pytest

from crm.audiences.operations import delete_audience
from crm.broadcasts import drafting, operations, progress, running
from crm.broadcasts.drafting import Refused
from crm.database import commit, db
from crm.email.operations import send_again
from crm.health import hold
from crm.health.waiting import queues
from crm.lib import clock
from tests import factories
from tests.broadcasts import kit


def test_paused_nothing_is_taken_in_hand_and_it_goes_on_where_it_stopped(ada):
    kit.people(4)
    broadcast = kit.launched()
    assert [operations.pause(broadcast), operations.pause(broadcast)] == [True, False]
    commit()
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("paused", {"pending": 4})
    assert operations.resume(broadcast)
    commit()
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 4})


def test_cancelled_what_waits_is_cancelled_and_what_was_sent_stays(ada):
    first, *_ = kit.people(3)
    broadcast = kit.launched()
    kit.messages(broadcast)[0].status = "sent"
    commit()
    assert [operations.cancel(broadcast), operations.cancel(broadcast)] == [True, False]
    commit()
    kit.run()
    kit.send()
    assert kit.states(broadcast) == {"sent": 1, "cancelled": 2}
    assert not operations.resume(broadcast)


def test_the_sums_add_up_to_those_written_down_at_every_moment(ada):
    kit.people(5)
    broadcast = kit.launched()
    for status, each in zip(("sent", "failed", "unknown", "claimed", "sending"), kit.messages(broadcast), strict=True):
        each.status = status
        commit()
        found = progress.progress_of(broadcast, clock.now())
        assert found.open + found.ended + found.deleted == found.frozen == 5
    assert not running.finish(broadcast, clock.now())
    assert (found.open, found.sent, found.deleted) == (2, 1, 0)


def test_what_is_unknown_is_sent_again_once_by_decision_after_the_end(ada):
    kit.people(1)
    broadcast = kit.launched()
    (message,) = kit.messages(broadcast)
    message.status = "unknown"
    commit()
    kit.run()
    assert broadcast.status == "finished"
    assert send_again(db.session.merge(message), kit.BY)
    commit()
    kit.send()
    assert kit.states(broadcast) == {"sent": 1}


def test_it_goes_out_at_its_time(ada):
    kit.people(1)
    broadcast, at = kit.draft(), clock.now() + timedelta(hours=1)
    operations.schedule(broadcast, at, kit.BY)
    commit()
    kit.run(at - timedelta(minutes=1))
    assert broadcast.status == "scheduled"
    kit.run(at + timedelta(minutes=1))
    assert broadcast.status == "sending"


def test_one_whose_time_passed_while_nobody_was_at_work_asks_first(ada):
    kit.people(1)
    broadcast, at = kit.draft(), clock.now() + timedelta(hours=1)
    operations.schedule(broadcast, at, kit.BY)
    commit()
    kit.run(at + timedelta(hours=5))
    assert (broadcast.status, kit.messages(broadcast)) == ("missed", [])
    operations.launch(broadcast, kit.BY)
    commit()
    kit.run()
    assert broadcast.status == "sending"


def test_one_whose_audience_was_deleted_before_its_time_asks_first(ada, as_mo):
    kit.people(1)
    audience = factories.audience()
    broadcast, at = kit.draft(is_for_everyone=False), clock.now() + timedelta(hours=1)
    drafting.choose_audience(broadcast, [audience], [], None)
    operations.schedule(broadcast, at, kit.BY)
    delete_audience(audience)
    commit()
    db.session.expire_all()
    kit.run(at)
    assert (broadcast.status, kit.messages(broadcast)) == ("missed", [])
    assert "“Regulars” was deleted" in as_mo.get(f"/broadcasts/{broadcast.id}/audience").text


def test_while_sending_is_on_hold_nothing_is_launched_and_a_person_decides(ada):
    kit.people(1)
    broadcast, at = kit.draft(), clock.now() + timedelta(hours=1)
    operations.schedule(broadcast, at, kit.BY)
    found = hold.begin("restored", clock.now())
    commit()
    kit.run(at + timedelta(minutes=1))
    assert broadcast.status == "scheduled"
    assert [each.words for each in queues(at + timedelta(minutes=1))][0] == "1 broadcast"
    hold.skip(found, at + timedelta(minutes=1), kit.BY, commit)
    db.session.expire_all()
    assert broadcast.status == "missed"


def test_what_is_paused_does_not_count_as_late(ada):
    kit.people(1)
    broadcast = kit.launched()
    late = {each.kind.key: each.count for each in queues(clock.now())}
    operations.pause(broadcast)
    commit()
    paused = {each.kind.key: each.count for each in queues(clock.now())}
    assert (late["emails"], paused["emails"]) == (1, 0)


def test_a_time_that_is_past_is_refused(ada):
    broadcast = kit.draft()
    with pytest.raises(Refused, match="past"):
        operations.schedule(broadcast, clock.now() - timedelta(minutes=1), kit.BY)


def test_once_launched_it_can_no_longer_be_changed_or_deleted_under_way(ada):
    kit.people(1)
    broadcast = kit.launched()
    with pytest.raises(Refused, match="launched already"):
        drafting.check_writable(broadcast)
    with pytest.raises(Refused, match="under way"):
        drafting.delete_broadcast(broadcast)


def test_who_changes_what_is_scheduled_makes_a_draft_of_it(ada):
    broadcast = kit.draft()
    operations.schedule(broadcast, clock.now() + timedelta(hours=1), kit.BY)
    drafting.write(broadcast, drafting.Words("Other words", "", "Hello"))
    assert broadcast.status == "draft"


def test_the_list_counts_what_came_back(ada):
    kit.people(2)
    broadcast = kit.launched()
    kit.send()
    kit.messages(broadcast)[0].opened_at = clock.now()
    commit()
    assert [running.refresh_counts(clock.now()), running.refresh_counts(clock.now())] == [1, 0]
    assert (broadcast.sent_count, broadcast.opened_count, broadcast.clicked_count) == (2, 1, 0)


def test_old_ones_keep_no_new_one_from_being_counted(ada):
    now = clock.now()
    long_ago = {"status": "finished", "launched_at": now - timedelta(days=300), "counted_at": now - timedelta(days=200)}
    for number in range(51):
        kit.draft(f"Old {number}", (), **long_ago)
    kit.draft("New", (), status="sending", launched_at=now - timedelta(hours=1), counted_at=now - timedelta(minutes=20))
    assert running.refresh_counts(now) == 1


def test_one_that_cannot_go_on_keeps_no_other_from_it(ada):
    lost = kit.draft("Lost", (), status="sending", test_on="subject", test_ends_at=clock.now())
    kit.people(1)
    broadcast = kit.launched()
    kit.send()
    kit.run(clock.now() + timedelta(minutes=1))
    assert (lost.status, broadcast.status) == ("sending", "finished")


def _unknown(number: int):
    kit.people(number)
    broadcast = kit.launched()
    for each in kit.messages(broadcast):
        each.status = "unknown"
    commit()
    kit.run()
    return broadcast


def test_what_is_unknown_is_decided_for_all_or_for_one_where_it_is_listed(ada, as_mo):
    broadcast = _unknown(4)
    listed = as_mo.get(f"/broadcasts/{broadcast.id}/recipients?status=unknown").text
    assert "Send all again, once" in listed
    first, *_ = kit.messages(broadcast)
    address = f"/broadcasts/{broadcast.id}/decision"
    assert as_mo.post(address, data={"decision": "arrived", "message": first.id}).status_code == 303
    assert kit.states(broadcast) == {"sent": 1, "unknown": 3}
    as_mo.post(address, data={"decision": "again"})
    as_mo.post(address, data={"decision": "again"})
    kit.send()
    assert kit.states(broadcast) == {"sent": 4}
    assert "That was decided already" in as_mo.post(address, data={"decision": "lost"}, follow_redirects=True).text


def test_nothing_is_sent_a_third_time_and_who_may_not_send_decides_nothing(ada, as_mo, sign_in):
    broadcast = _unknown(1)
    (message,) = kit.messages(broadcast)
    message.resent_at = clock.now()
    commit()
    address = f"/broadcasts/{broadcast.id}/decision"
    as_mo.post(address, data={"decision": "again"})
    assert as_mo.post(address, data={"decision": "nonsense"}).status_code == 400
    assert sign_in(factories.user("vera", "crm_viewer")).post(address, data={"decision": "lost"}).status_code == 403
    assert kit.states(broadcast) == {"unknown": 1}
    as_mo.post(address, data={"decision": "lost"})
    assert kit.states(broadcast) == {"failed": 1}


def test_a_pause_does_not_count_when_the_speed_is_told(ada, monkeypatch):
    kit.people(4)
    broadcast = kit.launched()
    kit.messages(broadcast)[0].status = "sent"
    start = broadcast.sending_since
    for act, minutes in ((operations.pause, 10), (operations.resume, 60)):
        monkeypatch.setattr(clock, "now", lambda at=start + timedelta(minutes=minutes): at)
        assert act(broadcast)
    commit()
    found = progress.progress_of(broadcast, clock.now())
    assert progress.in_words(found.remaining) == "about 30 minutes"


def test_while_a_test_runs_its_end_is_told(ada):
    kit.people(10)
    broadcast = kit.launched(subjects=("One", "Two"), test_minutes=60)
    broadcast.test_ends_at = clock.now() + timedelta(minutes=60)
    commit()
    assert progress.in_words(progress.progress_of(broadcast, clock.now()).remaining) == "about 60 minutes"
    broadcast.per_minute = 1
    rest = progress.progress_of(broadcast, broadcast.test_ends_at)
    assert progress.in_words(rest.remaining) == "about 10 minutes"
