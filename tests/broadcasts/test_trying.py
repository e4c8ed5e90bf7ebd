"""A/B tests: the shares, the winner, and the rest that gets what won."""

from datetime import timedelta

from crm.broadcasts import deciding, drafting, operations, significance
from crm.broadcasts.models import Broadcast
from crm.database import commit
from crm.lib import clock
from tests.broadcasts import kit

AB = ("Come and see us", "Our doors are open")


def by_subject(broadcast: Broadcast, lane_id: int | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in kit.messages(broadcast):
        if each.lane_id == lane_id:
            found[each.content.subject] = found.get(each.content.subject, 0) + 1
    return found


def test_a_share_tries_both_and_the_rest_waits(ada):
    kit.people(20)
    broadcast = kit.launched("Fair", AB, test_share=30)
    assert by_subject(broadcast, broadcast.lane_id) == {AB[0]: 3, AB[1]: 3}
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("sending", {"sent": 6, "pending": 14})


def test_the_one_more_people_opened_goes_to_the_rest_by_itself(ada):
    kit.people(10)
    broadcast = kit.launched("Fair", AB, test_share=40)
    kit.send()
    next(
        each for each in kit.messages(broadcast) if each.content.subject == AB[1] and each.sent_at
    ).opened_at = clock.now()
    commit()
    kit.run(clock.now() + timedelta(minutes=broadcast.test_minutes - 1))
    assert broadcast.is_test_open
    kit.run(clock.now() + timedelta(minutes=broadcast.test_minutes + 1))
    assert (broadcast.winner.letter, by_subject(broadcast, broadcast.rest_lane_id)) == ("B", {AB[1]: 6})
    assert broadcast.decided_because == "Most opens by people: A 0% of 2, B 50% of 2."
    kit.send()
    kit.run()
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 10})


def test_a_draw_is_settled_by_the_rule_and_says_so(ada):
    kit.people(4)
    broadcast = kit.launched("Fair", AB)
    kit.send()
    kit.run(clock.now() + timedelta(days=1))
    assert broadcast.winner.letter == "A"
    assert broadcast.decided_because.startswith("Nobody did, so A was taken.")


def test_by_hand_it_waits_for_a_person_and_one_decision_is_enough(ada):
    kit.people(4)
    broadcast = kit.launched("Fair", AB, winner_by="hand", test_share=50)
    kit.send()
    kit.run(clock.now() + timedelta(days=9))
    assert broadcast.is_test_open
    first, second = broadcast.variants
    assert operations.choose_winner(broadcast, second, "Ada chose it.")
    assert not operations.choose_winner(broadcast, first, "Mo chose it.")
    commit()
    kit.run()
    kit.send()
    kit.run()
    assert (broadcast.status, by_subject(broadcast, broadcast.rest_lane_id)) == ("finished", {AB[1]: 2})


def test_an_audience_of_one_is_no_trouble(ada):
    kit.people(1)
    broadcast = kit.launched("Fair", AB)
    kit.send()
    kit.run(clock.now() + timedelta(days=1))
    assert (broadcast.status, kit.states(broadcast)) == ("finished", {"sent": 1})


def test_paused_the_rest_stays_where_it_is_though_the_winner_is_chosen(ada):
    kit.people(10)
    broadcast = kit.launched("Fair", AB)
    kit.send()
    operations.pause(broadcast)
    operations.choose_winner(broadcast, broadcast.variants[1], "Ada chose it.")
    commit()
    kit.run()
    kit.send()
    assert kit.states(broadcast) == {"sent": 2, "pending": 8}
    operations.resume(broadcast)
    commit()
    kit.run()
    kit.send()
    kit.run()
    assert (broadcast.status, by_subject(broadcast, broadcast.rest_lane_id)) == ("finished", {AB[1]: 8})


def test_where_subjects_are_tried_the_text_is_that_of_a(ada):
    broadcast = kit.draft("Fair", AB)
    drafting.write(broadcast, drafting.Words(AB[0], "", "New text for all."))
    assert [each.content.body for each in broadcast.variants] == ["New text for all."] * 2
    assert [each.content.subject for each in broadcast.variants] == list(AB)


def test_the_last_version_that_is_left_is_no_test(ada):
    broadcast = kit.draft("Fair", AB)
    drafting.remove_variant(broadcast, 0)
    assert ([each.content.subject for each in broadcast.variants], broadcast.test_on) == ([AB[1]], None)


def test_shares_of_nobody_are_nothing(ada):
    broadcast = kit.draft("Fair", AB)
    assert [each.share("opens") for each in deciding.trials(broadcast)] == [0, 0]


def test_what_may_be_chance_is_said():
    assert significance.p_value((30, 100), (50, 100)) < 0.01
    assert significance.p_value((30, 100), (33, 100)) > 0.5
    assert significance.p_value((1, 5), (0, 5)) is None
    assert significance.in_words(None) == "Too few to tell"
