"""What people write becomes an email: checked beside its field, sanitised, its links taken out once."""

import pytest

from crm.email import links
from crm.email.compose import check, composed
from crm.email.rendering import Rendered, rendered

KNOWN = {"contact.first_name", "contact.email", "contact.tags", "school.name", "school.address", "unsubscribe_url"}
CARLA = {
    "contact": {"first_name": "Carla", "email": "carla+1@example.com&x=1", "tags": ["vip"]},
    "school": {"name": "Scales & Co", "address": "1 Hill Road"},
}
MJML = "<mjml><mj-body>{}</mj-body></mjml>"
COLUMN = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def email(body: str, subject: str = "Hi", preheader: str = "", form: str = "markdown", values=CARLA) -> Rendered:
    content = composed(form, subject, preheader, body)
    return rendered(
        content,
        values,
        link=lambda at: f"https://t.example/{at}",
        unsubscribe_url="https://u.example/1",
        open_url="https://o.example/1",
    )


def test_markdown_becomes_html_and_text():
    got = email("# Hello {{ contact.first_name }}\n\n- one\n- **two**", subject="For {{ contact.first_name }}")
    assert got.subject == "For Carla"
    assert "<h1>Hello Carla</h1>" in got.html
    assert got.text.startswith("Hello Carla\n\n- one\n- two\n")


def test_every_email_says_who_wrote_and_how_to_leave():
    for got in (email("Hello"), email(COLUMN.format("<mj-text>Hello</mj-text>"), form="mjml")):
        assert "Scales &amp; Co" in got.html
        assert "1 Hill Road" in got.html
        assert 'href="https://u.example/1"' in got.html
        assert "Unsubscribe (https://u.example/1)" in got.text
        assert got.html.count("https://o.example/1") == 1
        assert "o.example" not in got.text


def test_an_author_may_place_the_footer():
    got = email("{{ school.address }} [leave]({{ unsubscribe_url }})")
    assert got.html.count("https://u.example/1") == 1


def test_links_are_tracked_and_their_addresses_kept_once():
    body = "[a](https://a.example/?b=1&c=2) [again](https://a.example/?b=1&c=2) [mail](mailto:x@y.example) [b](http://b.example)"
    assert composed("markdown", "Hi", "", body).links == ("https://a.example/?b=1&c=2", "http://b.example")
    got = email(body)
    assert got.html.count('href="https://t.example/0"') == 2
    assert 'href="mailto:x@y.example"' in got.html
    assert "a.example" not in got.html
    assert "b (https://t.example/1)" in got.text


def test_a_value_in_a_link_is_encoded_and_leads_nowhere_else():
    (url,) = composed(
        "markdown", "Hi", "", "[a](https://a.example/{{ contact.first_name }}?e={{ contact.email }})"
    ).links
    assert links.filled(url, CARLA) == "https://a.example/Carla?e=carla%2B1%40example.com%26x%3D1"
    assert (
        links.filled(url, {"contact": {"first_name": "//evil.example/\r\n"}})
        == "https://a.example/%2F%2Fevil.example%2F%0D%0A?e="
    )


@pytest.mark.parametrize(
    "address", ["//evil.example", "/path", "www.a.example", "https://{{ contact.first_name }}/", "{{ contact.first_name }}", "https://a@b.example"]
)  # fmt: skip
def test_a_link_that_could_lead_anywhere_is_refused(address):
    found = check("markdown", "Hi", "", f"[a]({address})", KNOWN)
    assert found["body"][0].startswith("The link “")


def test_html_and_scripts_of_authors_and_contacts_are_inert():
    values = {**CARLA, "contact": {"first_name": '<img src=x onerror="alert(1)">{{ contact.email }}'}}
    got = email(
        "<script>alert(1)</script> {{ contact.first_name }} ![{{ contact.first_name }}](https://a.example/x.png)",
        values=values,
    )
    assert "<script" not in got.html
    assert "<img src=x" not in got.html
    assert '" onerror' not in got.html
    assert "{{ contact.email }}" in got.html


def test_a_condition_on_lines_of_its_own_leaves_no_gap():
    got = email("One\n\n{% if contact.tags contains 'none' %}\n\nTwo\n\n{% endif %}\n\nThree")
    assert got.text.startswith("One\n\nThree\n")
    assert "<p></p>" not in got.html


def test_the_preheader_is_in_the_html_only():
    got = email("Hello", preheader="News for {{ contact.first_name }} & all")
    assert "News for Carla &amp; all" in got.html
    assert "News" not in got.text


def test_mjml_is_compiled_with_its_tags():
    body = MJML.format(
        "{% if contact.tags contains 'vip' %}<mj-section><mj-column><mj-text>Hi {{ contact.first_name | default: \"a < b\" }}<br>"
        '<a href="https://a.example/x">go</a></mj-text><mj-image src="https://a.example/i.png" alt="{{ contact.first_name }}"/>'
        '<mj-button href="https://b.example">Book</mj-button></mj-column></mj-section>{% endif %}'
    )
    got = email(body, form="mjml")
    assert "Hi Carla<br>" in got.html
    assert 'alt="Carla"' in got.html
    assert composed("mjml", "Hi", "", body).links == ("https://a.example/x", "https://b.example")
    assert "Book (https://t.example/1)" in got.text
    assert "Hi Carla" not in email(body, form="mjml", values={}).html


def test_mjml_is_sanitised():
    body = COLUMN.format(
        '<mj-text onclick="alert(1)">A<script>alert(1)</script><form action="https://e.example"><input></form>'
        '<a href="javascript:alert(1)" onmouseover="x">b</a> 1 < 2 <img src="https://a.example/a.png" onerror="x"></mj-text>'
    )
    got = email(body, form="mjml").html
    for bad in ("<script", "onclick", "onerror", "onmouseover", "javascript:", "<form", "<input"):
        assert bad not in got
    assert "1 &lt; 2" in got


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("hello", "An MJML email begins with <mjml>."),
        (MJML.format("\nhello"), "Line 2: Text must stand inside <mj-text>."),
        (MJML.format("\n<mj-include path='/etc/passwd'/>"), "Line 2: <mj-include> is not available here."),
        (MJML.format("<mj-raw><script></script></mj-raw>"), "Line 1: <mj-raw> is not available here."),
        (MJML.format("<mj-section>"), "Line 1: </mj-body> closes nothing."),
        ("<mjml><mj-body>", "<mj-body> is not closed."),
        (COLUMN.format("<mj-text>a"), "Line 1: <mj-text> is not closed."),
        (
            COLUMN.format("<mj-text color=red>a</mj-text>"),
            "Line 1: This tag cannot be read; every attribute needs quotes.",
        ),
        (
            COLUMN.format('<mj-image src="javascript:alert(1)"/>'),
            "Line 1: The address “javascript:alert(1)” must begin with https://.",
        ),
    ],
)
def test_a_mistake_in_mjml_is_told_with_its_line(body, words):
    assert check("mjml", "Hi", "", body, KNOWN) == {"body": [words]}


def test_problems_stand_beside_their_field():
    found = check("markdown", "Hi {{ name }}", "{{ contact.", "", KNOWN)
    assert set(found) == {"subject", "preheader", "body"}
    assert found["body"] == ["Write something to send."]
    assert check("markdown", " ", "", "Hello", KNOWN) == {"subject": ["Write a subject."]}
    assert check("markdown", "Hi", "", "Hello {{ contact.first_name }}", KNOWN) == {}


def test_the_same_words_are_composed_once():
    assert composed("markdown", "Hi", "", "Hello") is composed("markdown", "Hi", "", "Hello")
