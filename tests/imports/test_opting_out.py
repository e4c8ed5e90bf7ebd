"""A column that says who opted out, or who consented: an opt-out is always honoured, what is said in favour never overturns one."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.imports import operations, runs
from crm.imports.answers import UNCLEAR, wants
from crm.imports.models import ContactImportRow
from crm.preferences.choices import preferences_of
from crm.preferences.models import CommunicationPreferences, ConsentRecord, EmailUnsubscribe
from crm.preferences.operations import unsubscribe
from crm.preferences.queries import in_force, unsubscribed_among
from tests import factories
from tests.imports.files import received

PEOPLE = """Email,First name,Phone,Unsubscribed
carla@example.com,Carla,,yes
zoe@example.com,Zoë,,2019-05-03
asa@example.com,Åsa,,no
,Nomail,+4930123456,1
bo@example.com,Bo,nonsense,true
dup@example.com,Dup,,
dup@example.com,Dup,,TRUE
odd@example.com,Odd,,perhaps
nobody,No,,yes
"""


def imported(user, text=PEOPLE, *, start=operations.start, **options):
    found = received(text, user)
    operations.describe(found, found.mapping, country="DE", **options)
    start(found)
    commit()
    runs.run(found.id, is_gentle=False)
    db.session.expire_all()
    return found


@pytest.mark.parametrize(
    ("field", "text", "wanted"),
    [
        ("opted_out", "Yes", False), ("opted_out", "0", True), ("opted_out", "3.5.2019", False), ("opted_out", "subscribed", True),
        ("email_consent", "Ja", True), ("email_consent", "N", False), ("email_consent", "2019-05-03T10:00:00Z", True),
        ("email_consent", "Opted-out", False), ("email_consent", "  ", None),
    ],
)  # fmt: skip
def test_what_a_cell_says(field, text, wanted):
    assert wants(field, text) == (wanted, None)
    assert wants(field, "perhaps") == (None, UNCLEAR)


def test_every_opt_out_of_the_file_is_kept_with_file_and_line(ada):
    carla = factories.contact()
    found = imported(ada, existing="skip")
    left = {"carla@example.com", "zoe@example.com", "bo@example.com", "dup@example.com"}
    assert unsubscribed_among({*left, "asa@example.com", "odd@example.com"}) == left
    proof = db.session.scalar(sa.select(ConsentRecord).where(ConsentRecord.contact_id == carla.id))
    assert (proof.what, proof.is_on, proof.how, proof.reason) == ("subscription", False, "import", "people.csv, line 2")
    assert proof.actor == "Import of people.csv by Ada"
    nobody = db.session.scalar(sa.select(Contact).where(Contact.first_name == "Nomail"))
    assert preferences_of(nobody).marketing_emails is False
    assert (found.opted_out, found.skipped, found.refused) == (5, 2, 3)
    odd = db.session.scalar(sa.select(ContactImportRow).where(ContactImportRow.line == 9))
    assert odd.problems[0]["reason"] == UNCLEAR


def test_people_without_an_address_cost_no_statement_each(ada):
    def file_of(count):
        people = "".join(f",No{number},Mail,+4930{number:06d},yes\n" for number in range(count))
        return f"Email,First name,Last name,Phone,Unsubscribed\n{people}"

    def statements_for(text):
        counted = []

        def count(*each):
            counted.append(each[2])

        sa.event.listen(db.engine, "before_cursor_execute", count)
        imported(ada, text, dedupe="phone")
        sa.event.remove(db.engine, "before_cursor_execute", count)
        return len(counted)

    assert statements_for(file_of(60)) - statements_for(file_of(3)) < 20
    wishes = db.session.scalars(sa.select(CommunicationPreferences)).all()
    assert {(each.marketing_emails, each.email_enabled, each.frequency) for each in wishes} == {(False, True, "all")}
    proofs = db.session.scalars(sa.select(ConsentRecord).order_by(ConsentRecord.address)).all()
    assert len(wishes) == len(proofs) == 60
    assert (proofs[0].what, proofs[0].address, proofs[0].reason) == (
        "marketing_emails",
        "+4930000000",
        "people.csv, line 2",
    )
    told = sa.select(sa.func.count()).where(ContactActivity.activity_type == "preferences_changed")
    assert db.session.scalar(told) == 60


def test_a_dry_run_counts_and_writes_nothing(ada, as_ada):
    found = imported(ada, start=operations.check)
    assert (found.status, found.opted_out, db.session.query(EmailUnsubscribe).count()) == ("checked", 5, 0)
    page = as_ada.get(f"/imports/{found.id}").text
    assert "would be unsubscribed" in page
    assert "Opted out of email" in as_ada.get(f"/imports/{found.id}/mapping").text


def test_a_file_with_opt_outs_alone_can_be_imported(ada, as_ada):
    factories.contact()
    found = imported(ada, "Email,Opt out\ncarla@example.com,x\n", start=operations.check, existing="skip")
    assert "There is nothing to import" not in as_ada.get(f"/imports/{found.id}").text
    as_ada.post(f"/imports/{found.id}/run")
    runs.run(found.id, is_gentle=False)
    assert in_force("carla@example.com")


def test_a_yes_never_overturns_a_no_and_is_proof_for_new_ones_alone(ada):
    carla = factories.contact()
    unsubscribe(carla, carla.email, ada.actor)
    dora = factories.contact(first_name="Dora", email="dora@example.com")
    db.session.add(EmailUnsubscribe(email="left@example.com"))
    commit()
    imported(
        ada,
        "Email,Consent\ncarla@example.com,yes\ndora@example.com,yes\nleft@example.com,yes\nzoe@example.com,yes\nasa@example.com,no\n",
    )
    assert in_force("carla@example.com") and in_force("left@example.com") and in_force("asa@example.com")
    given = db.session.scalars(sa.select(ConsentRecord).where(ConsentRecord.is_on)).all()
    assert [(each.address, each.reason) for each in given] == [("zoe@example.com", "people.csv, line 5")]
    assert dora.id not in {each.contact_id for each in given}


def test_undoing_takes_new_ones_out_and_leaves_their_opt_outs_and_says_so(ada, as_ada):
    found = imported(ada)
    assert "The 5 opt-outs the file held stay" in as_ada.get(f"/imports/{found.id}").text
    operations.undo(found)
    commit()
    runs.run(found.id, is_gentle=False)
    db.session.expire_all()
    assert (found.kept, db.session.query(Contact).count()) == (0, 0)
    assert in_force("zoe@example.com")
    assert "5 opt-outs that the file held stay in force." in as_ada.get(f"/imports/{found.id}").text


def test_an_agent_opts_out_nobody_she_does_not_see(agnes, ada):
    factories.contact(owner_id=ada.id)
    imported(agnes, "Email,Unsubscribed\ncarla@example.com,yes\nnew@example.com,yes\n")
    assert not in_force("carla@example.com")
    assert in_force("new@example.com")
