"""What a text with merge tags says where nobody's values are at hand."""

import pytest

from crm.lib.merge_words import tags_in_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello {{ contact.first_name | default: 'you' }}, come", "Hello [first name], come"),
        ("{%- if contact.tags contains 'Kids' -%} For {{school.name}} {% endif %}", "For [name]"),
        ("No tag at all", "No tag at all"),
        ("{{ broken", "{{ broken"),
    ],
)
def test_it_names_what_would_be_put_in(text, words):
    assert tags_in_words(text) == words
