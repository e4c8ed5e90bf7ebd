"""Things made ahead: all of them, in order, with what went wrong, and Python's turns as before."""

import sys
from itertools import count, islice

import pytest

from crm.lib.ahead import ahead


def test_all_come_in_order_and_turns_are_as_before():
    before = sys.getswitchinterval()
    assert list(ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert sys.getswitchinterval() == before


def test_what_making_one_raises_is_raised_where_it_is_used():
    def things():
        yield 1
        raise ValueError("two")

    coming = ahead(things())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="two"):
        next(coming)


def test_whoever_stops_early_leaves_turns_as_before():
    before = sys.getswitchinterval()
    coming = ahead(count())
    assert list(islice(coming, 3)) == [0, 1, 2]
    coming.close()
    assert sys.getswitchinterval() == before
