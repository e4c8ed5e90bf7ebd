"""Work of several threads done in one go; items that wait in a bounded buffer."""

import threading

import pytest

from crm.lib.together import Buffer, Soon, Together


def in_threads(work, number: int) -> None:
    threads = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_each_caller_gets_their_own_result_and_those_who_wait_share_a_batch():
    batches, results, first_may_end = [], {}, threading.Event()

    def work(items):
        batches.append(list(items))
        if len(batches) == 1:
            first_may_end.wait(10)
        return [item * 2 for item in items]

    together = Together(work)

    def call(number):
        if number == 7:
            while len(together._waiting) + sum(map(len, batches)) < 7:
                pass
            first_may_end.set()
        results[number] = together.do(number)

    in_threads(call, 8)
    assert results == {number: number * 2 for number in range(8)}
    assert sorted(sum(batches, [])) == list(range(8))
    assert len(batches) < 8


def test_a_failure_is_everybodys_who_was_in_it_and_nobody_elses():
    def work(items):
        if "bad" in items:
            raise ValueError("no")
        return items

    together = Together(work)
    with pytest.raises(ValueError, match="no"):
        together.do("bad")
    assert together.do("good") == "good"


def test_no_more_than_so_many_at_once():
    sizes = []
    together = Together(lambda items: sizes.append(len(items)) or items, most=3)
    in_threads(together.do, 20)
    assert max(sizes) <= 3
    assert sum(sizes) == 20


def test_a_buffer_takes_what_it_has_room_for_and_works_it_off_in_order():
    done = []
    buffer = Buffer(lambda items: done.append(list(items)), delay=60, room=5, most=2)
    assert [buffer.put(number) for number in range(6)] == [True] * 5 + [False]
    buffer.drain()
    assert done == [[0, 1], [2, 3], [4]]
    assert buffer.put(6)


def test_soon_is_once_however_often_it_is_asked_for():
    called = threading.Event()
    calls = []
    soon = Soon(lambda: (calls.append(1), called.set()), 0.01)
    for _ in range(5):
        soon.ask()
    assert called.wait(10)
    assert calls == [1]
