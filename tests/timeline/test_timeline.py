"""What happened to a contact, on the profile."""

import re

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactUpdated, EmailClicked, TagAdded
from tests import factories


def test_it_tells_what_happened_who_did_it_and_leads_there(as_mo, mo):
    carla, hot = factories.contact(), factories.tag("Hot")
    emit_all([TagAdded(contact_id=carla.id, subject_id=hot.id, tag="Hot", by=Actor("Workflow Welcome"))])
    page = as_mo.get(f"/contacts/{carla.id}/timeline").text
    assert f'<a href="/tags/{hot.id}">Tag added: Hot</a>' in page
    assert "by Workflow Welcome" in page


def test_it_links_to_nothing_the_viewer_may_not_open(as_agnes, agnes):
    carla, hot = factories.contact(owner_id=agnes.id), factories.tag("Hot")
    emit_all([TagAdded(contact_id=carla.id, subject_id=hot.id, tag="Hot")])
    assert "/tags/" not in as_agnes.get(f"/contacts/{carla.id}/timeline", headers={"HX-Request": "true"}).text


def test_a_change_shows_old_and_new_as_text(as_mo):
    carla = factories.contact()
    emit_all([ContactUpdated(contact_id=carla.id, changes={"city": ["", "<b>Lima</b>"]})])
    assert "Nothing → &lt;b&gt;Lima&lt;/b&gt;" in as_mo.get(f"/contacts/{carla.id}/timeline").text


def test_one_kind_can_be_picked(as_mo):
    carla = factories.contact()
    emit_all(
        [
            EmailClicked(contact_id=carla.id, subject="Hi", url="https://a.example"),
            TagAdded(contact_id=carla.id, tag="Hot"),
        ]
    )
    page = as_mo.get(f"/contacts/{carla.id}/timeline?type=tag_added").text
    assert "Tag added: Hot" in page
    assert "Link clicked: Hi" not in page


def test_older_entries_follow(as_mo):
    carla = factories.contact()
    emit_all([TagAdded(contact_id=carla.id, tag=f"T{number:02}") for number in range(60)])
    seen, url = [], f"/contacts/{carla.id}/timeline"
    for _ in range(4):
        reply = as_mo.get(url, headers={"HX-Request": "true"})
        seen += re.findall(r"Tag added: (T\d\d)", reply.text)
        older = re.search(r'id="timeline-older"><a[^>]* href="([^"]+)"', reply.text)
        if not older:
            break
        url = older[1].replace("&amp;", "&")
    assert seen == [f"T{number:02}" for number in reversed(range(60))]
