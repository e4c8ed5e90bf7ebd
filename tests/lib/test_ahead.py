"""Things made ahead: all of them, in order, with what went wrong, by a process that ends with whoever uses them."""

import multiprocessing
import os
import signal
import subprocess
import sys
from itertools import count, islice

import pytest

from crm.lib.ahead import ahead

USER = """
import os, signal
from itertools import repeat
from crm.lib.ahead import ahead

for thing in ahead(repeat("x" * 100_000)):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_all_come_in_order():
    assert list(ahead(iter(range(5)))) == [0, 1, 2, 3, 4]


def test_what_making_one_raises_is_raised_where_it_is_used():
    def things():
        yield 1
        raise ValueError("two")

    coming = ahead(things())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="two"):
        next(coming)


def test_they_are_made_in_another_process_which_ends_when_no_more_are_wanted():
    def things():
        for each in count():
            yield os.getpid(), each

    coming = ahead(things())
    made = list(islice(coming, 3))
    assert [each for _, each in made] == [0, 1, 2]
    assert {maker for maker, _ in made} == {child.pid for child in multiprocessing.active_children()}
    coming.close()
    assert multiprocessing.active_children() == []


def test_a_maker_that_was_killed_is_no_end():
    def things():
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(EOFError):
        list(ahead(things()))


def test_nobody_is_left_behind_by_a_user_who_was_killed():
    with subprocess.Popen([sys.executable, "-c", USER], stdout=subprocess.PIPE) as user:
        assert user.stdout.read() == b""  # which ends when the last who could write there has
    assert user.returncode == -signal.SIGKILL
