"""A composition taken apart gives, byte for byte once decoded, what rendering it whole would give."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.email.compose import composed
from crm.email.filling import sheet_of
from crm.email.rendering import LEAVING, rendered
from crm.lib.merge_tags import MergeError

PREFIXES = ("https://s.example/click/", "https://s.example/leave/", "https://s.example/open/")
BODIES = (
    "Hello",
    "Hello {{ contact.first_name | default: 'friend' }}, [read](https://s.example/a) and [b](https://s.example/b?c={{ contact.city }}).",
    "{{ contact.first_name }}\n\n{{ contact.city }}\n\n{% if contact.city %}In {{ contact.city }}{% else %}Nowhere{% endif %}\n\nend",
    "{% for tag in contact.tags %}- {{ tag }}\n{% endfor %}\n\n{{ contact.tags | join: '; ' }} {{ contact.tags }}",
    "a{{ contact.city }}b{{ contact.city }}c{{ contact.first_name }}{{ contact.first_name }}d",
    "{% raw %}{{ contact.city }}{% endraw %} x {%- if contact.city -%} y {%- endif -%} z",
    "{% comment %}no{% endcomment %}ünï {{ contact.first_name | upcase }} <b>{{ 'a & b' }}</b>",
)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12).map(str.strip)


def both(body: str, values: dict) -> tuple:
    content = composed("markdown", "Hi {{ contact.first_name }}", "Soon in {{ contact.city }}", body)
    tokens = {f"link_{at}": f"k{at}~x" for at in range(len(content.links))} | {"open_url": "o", "account_url": "#"}
    tokens |= {name: f"u{path}" for name, path in LEAVING.items()}
    filled = sheet_of(content, *PREFIXES).filled(values, tokens)
    whole = rendered(
        content, values, link=lambda at: f"{PREFIXES[0]}k{at}~x", unsubscribe_url=f"{PREFIXES[1]}u", open_url=f"{PREFIXES[2]}o",
    )  # fmt: skip
    return filled, whole


@pytest.mark.parametrize("body", BODIES)
@settings(max_examples=25, deadline=None)
@given(first_name=st.none() | WORDS, city=st.none() | WORDS, tags=st.lists(WORDS, max_size=3))
def test_it_is_the_whole_text(body, first_name, city, tags):
    values = {
        "contact": {"first_name": first_name, "city": city, "tags": tags},
        "school": {"name": "Scales", "address": city},
    }
    filled, whole = both(body, values)
    assert filled.subject == whole.subject
    for part, text in ((b"".join(filled.html), whole.html), (b"".join(filled.text), whole.text)):
        assert base64.b64decode(part, validate=False).decode() == text.replace("\n", "\r\n")
        assert max(map(len, part.split(b"\r\n"))) <= 76
        assert part.endswith(b"\r\n")


def test_values_of_several_lines_are_tidied():
    filled, whole = both(BODIES[1], {"contact": {"first_name": "A\n\n\n\nB", "city": ""}, "school": {}})
    assert base64.b64decode(b"".join(filled.text)).decode() == whole.text.replace("\n", "\r\n")


def test_one_value_does_not_answer_for_another_of_a_different_kind():
    for value, said in ((1, "1"), (True, "yes"), (1.0, "1.0"), (None, "friend")):
        filled, _ = both(BODIES[1], {"contact": {"first_name": value}, "school": {}})
        assert f"Hello {said}," in base64.b64decode(b"".join(filled.text)).decode()


def test_what_cannot_be_filled_in_is_an_error():
    with pytest.raises(MergeError):
        both(
            "{% for a in contact.tags %}{% for b in contact.tags %}{{ b }}{% endfor %}{% endfor %}",
            {"contact": {"tags": list(range(99))}},
        )
