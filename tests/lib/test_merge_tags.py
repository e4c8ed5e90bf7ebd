"""Merge tags: filled in once, checked in plain words, never costly."""

import time

import pytest

from crm.lib import merge_tags
from crm.lib.merge_tags import MergeError

KNOWN = {"contact.first_name", "contact.email", "contact.tags", "school.name"}
CARLA = {"contact": {"first_name": "Carla", "email": "carla@example.com", "tags": ["vip", "piano"]}}


def said(text: str) -> list[str]:
    return [str(problem) for problem in merge_tags.check(text, KNOWN)]


def test_a_tag_gives_its_value():
    assert merge_tags.render("Hello {{ contact.first_name }}", CARLA) == "Hello Carla"


def test_an_empty_value_takes_the_default():
    assert merge_tags.render('Hello {{ contact.nickname | default: "there" }}', CARLA) == "Hello there"


def test_a_text_may_depend_on_a_value():
    text = "{% if contact.tags contains 'vip' %}Dear friend{% else %}Hello{% endif %}"
    assert merge_tags.render(text, CARLA) == "Dear friend"
    assert merge_tags.render(text, {"contact": {}}) == "Hello"


def test_a_list_is_looped_over_or_written_with_commas():
    assert merge_tags.render("{% for tag in contact.tags %}<{{ tag }}>{% endfor %}", CARLA) == "<vip><piano>"
    assert merge_tags.render("{{ contact.tags }}", CARLA) == "vip, piano"


def test_a_day_is_written_out():
    assert merge_tags.render("{{ day | date: '%-d %B' }}", {"day": "2026-03-04"}) == "4 March"


def test_html_is_escaped_wherever_it_came_from():
    values = {"contact": {"first_name": "<script>"}}
    text = '{{ contact.first_name }} {{ contact.none | default: "<b a=\'" }}'
    assert merge_tags.render(text, values, html=True) == "&lt;script&gt; &lt;b a=&#x27;"


def test_a_value_is_never_read_as_a_template():
    values = {"contact": {"first_name": "{{ contact.email }}{% if 1 %}", "email": "secret"}}
    assert merge_tags.render("{{ contact.first_name }}", values) == "{{ contact.email }}{% if 1 %}"


def test_the_program_cannot_be_reached():
    for text in (
        "{{ contact.__class__ }}",
        "{{ contact['__class__'] }}",
        "{{ contact.items }}",
        "{{ contact.first_name.upper }}",
    ):
        assert merge_tags.render(text, CARLA) == ""


def test_names_are_those_the_text_reads():
    text = "{{ contact.email | default: contact.phone }}{% for tag in contact.tags %}{{ tag }}{% endfor %}"
    assert merge_tags.names(text) == {"contact.email", "contact.phone", "contact.tags"}


def test_a_good_text_has_no_problems():
    assert (
        said("Hello {{ contact.first_name | default: 'you' | upcase }} {{ contact.tags.size }} {{ contact.tags[0] }}")
        == []
    )


def test_an_unknown_name_is_told_with_its_line_and_a_suggestion():
    assert said("Hello\n{{ contact.first_nam }}") == [
        "Line 2: There is no merge tag {{ contact.first_nam }}. Did you mean {{ contact.first_name }}?"
    ]
    assert "Did you mean {{ contact.email }}?" in said("{{ email }}")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\n{{ contact.email", "Line 3: The closing }} is missing."),
        ("{% if contact.email %}x", "{% endif %} is missing."),
        ("{{ }}", "A merge tag is empty or incomplete."),
        ("{{ contact.email contact.email }}", "Line 1: A merge tag holds more than one name; put a | before a filter."),
        ("{% include 'secrets' %}", "Line 1: {% include %} is not available here, or closes nothing."),
        ("{% for n in (1..1000000000) %}x{% endfor %}", "Line 1: Ranges such as (1..5) are not available."),
        ("{% raw %}x", "Line 1: {% endraw %} is missing."),
    ],
)
def test_a_mistake_is_told_in_plain_words(text, words):
    assert said(text) == [words]
    with pytest.raises(MergeError, match="."):
        merge_tags.compiled(text)


def test_an_unknown_filter_is_told_with_those_there_are():
    assert said("{{ contact.email | times: 1000000000 }}")[0].startswith(
        "Line 1: There is no filter named times. There are: "
    )


def test_a_surplus_argument_is_no_error_on_the_day_of_sending():
    assert merge_tags.render("{{ contact.first_name | upcase: 1, 2 }}", CARLA) == "CARLA"


MANY = {"contact": {"many": list(range(100)), "long": "é" * 10_000_000, "first_name": "Carla"}}
HEAVY = [
    "{%" * 190_000,
    "{{" * 190_000,
    "{% raw %}" * 40_000,
    "{% if x %}" * 990,
    "{{ " + " " * 9_000 + "}}",
    "{{ x " + "| upcase" * 1_200 + "}}",
    "{{ a" + "[a" * 3_000 + "]" * 3_000 + "}}",
    "{{ '" + "a" * 900_000 + "' }}",
    "{% for a in contact.many %}{% for b in contact.many %}x{% endfor %}{% endfor %}",
    "{% for a in contact.many %}" + ("{{ contact.long" + "|upcase" * 130 + "}}") * 10 + "{% endfor %}",
    "{% for a in contact.many %}" + "{%if a%}{%endif%}" * 490 + "{% endfor %}",
    "{{ contact.first_name | date: '%0100000000d' }}",
    "{{ contact.first_name | truncate: 100000000000000000000 }}",
    "{% if " + "9" * 900 + " == contact.first_name %}x{% endif %}",
]


@pytest.mark.parametrize("text", HEAVY, ids=[text[:24] for text in HEAVY])
def test_nothing_takes_long_or_grows(text):
    before = time.process_time()
    merge_tags.check(text, KNOWN)
    try:
        assert len(merge_tags.render(text, MANY)) <= 2_000_000
    except MergeError as error:
        assert str(error)
    assert time.process_time() - before < 2
