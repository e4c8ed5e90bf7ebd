"""What happened to a contact, on the profile."""

import re
from datetime import timedelta

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactUpdated, EmailClicked, TagAdded
from crm.automation.models import Enrollment, Version, Workflow
from crm.database import db
from crm.lib import clock
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


def test_it_is_searched_by_words(as_mo):
    carla = factories.contact()
    emit_all(
        [
            EmailClicked(
                contact_id=carla.id, subject="Summer concert", url="https://a.example/100%", by=Actor("Campaign")
            ),
            TagAdded(contact_id=carla.id, tag="Concert"),
        ]
    )
    url = f"/contacts/{carla.id}/timeline?q="
    for text, found in (
        ("concert summer", 1),
        ("CONCERT", 2),
        ("campaign", 1),
        ("100%", 1),
        ("1%0", 0),
        ("x' OR 1=1", 0),
    ):
        page = as_mo.get(url + text.replace("%", "%25")).text
        assert len(re.findall(r"Concert|concert</a>|Link clicked: Summer", page.split("timeline-list")[-1])) >= found, (
            text
        )
        assert ("Nothing here says that" in page) == (found == 0), text


def test_what_is_scheduled_stands_on_top_and_can_be_ended(as_mo, as_agnes, agnes):
    carla = factories.contact(owner_id=agnes.id)
    flow = Workflow(name="Welcome", status="active")
    db.session.add(flow)
    db.session.flush()
    version = Version(workflow_id=flow.id, published_at=clock.now())
    db.session.add(version)
    db.session.flush()
    soon = clock.now() + timedelta(hours=5)
    db.session.add(Enrollment(workflow_id=flow.id, version_id=version.id, contact_id=carla.id, next_action_at=soon))
    url = f"/contacts/{carla.id}/timeline"
    page = as_mo.get(url).text
    assert "Next step of Welcome" in page
    assert "Welcome" not in as_agnes.get(url).text
    end = re.search(r'action="(/workflows/[^"]+/exit\?on=contact)"', page)[1]
    assert as_mo.post(end).location == f"/contacts/{carla.id}"
    assert "Next step of Welcome" not in as_mo.get(url).text
