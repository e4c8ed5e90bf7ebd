"""Tag the contact."""

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import SYSTEM
from crm.automation.decisions import AddTag
from crm.automation.operations import enroll
from crm.automation.types import STEPS
from crm.database import commit, db
from crm.tags.models import Tagging
from crm.tags.operations import delete_tag, tag_contacts
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems


def test_it_adds_the_tag(app):
    assert decide("add_tag", {"tag_id": 3}).effects == (AddTag(3),)


def test_it_takes_an_id_or_a_slug_and_no_unknown_tag(app):
    tag = factories.tag()
    assert problems("add_tag", {"tag_id": tag.id}) == problems("add_tag", {"tag_id": "interested"}) == {}
    assert STEPS["add_tag"].cleaned({"tag_id": "interested"}) == {"tag_id": tag.id}
    for bad in (99, "nobody", None, "", [], {"a": 1}, True, 10**30, "\0", "\ud800"):
        assert problems("add_tag", {"tag_id": bad}).keys() == {"tag_id"}, bad


def test_who_wears_it_already_is_not_tagged_again(app, ada):
    carla, tag = factories.contact(), factories.tag()
    tag_contacts(tag, [carla.id], ada.actor)
    enroll(paths.running(("add_tag", {"tag_id": tag.id})), [carla.id])
    commit()
    paths.run()
    added = sa.select(sa.func.count()).select_from(ContactActivity).where(ContactActivity.activity_type == "tag_added")
    assert (db.session.scalar(added), paths.enrollment().status) == (1, "completed")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tagging)) == 1


def test_a_deleted_tag_fails_with_words(app):
    carla, tag = factories.contact(), factories.tag()
    workflow = paths.running(("add_tag", {"tag_id": tag.id}))
    delete_tag(tag, SYSTEM)
    enroll(workflow, [carla.id])
    commit()
    paths.run()
    enrolled = paths.enrollment()
    assert (enrolled.status, enrolled.exit_reason) == ("failed", "The tag was deleted.")
    assert paths.visits(enrolled)[0].error_message == "The tag was deleted."
