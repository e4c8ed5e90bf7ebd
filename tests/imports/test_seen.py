"""Remembering who came first on which line."""

from crm.imports.seen import Seen


def test_the_first_line_of_each_person_is_kept_however_many_there_are():
    seen = Seen()
    assert [seen.first_line(f"p{number % 3000}", number) for number in range(9000)] == [
        number % 3000 for number in range(9000)
    ]
    assert seen.count == 3000
