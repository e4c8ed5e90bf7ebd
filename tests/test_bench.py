"""Every bench is where its name says."""

from pkgutil import resolve_name

import pytest

from bench import BENCHES


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_can_be_found_and_says_what_it_measures(name):
    assert resolve_name(BENCHES[name]).__doc__
