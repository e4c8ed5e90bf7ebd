"""A carrier tells what became of a message: believed when it proves itself, once, in any order."""

import itertools
import json

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.bounces import effects
from crm.bounces.models import MailReport
from crm.database import commit, db
from crm.delivery.models import Suppression
from crm.email.reporting import report_headers
from crm.lib import clock
from crm.preferences.queries import in_force
from tests import factories
from tests.bounces import carriers
from tests.bounces.carriers import CARRIERS, SETTINGS, generic, signed, sns
from tests.email.mailroom import queue, sent


def kinds(contact) -> list[str]:
    found = sa.select(ContactActivity.activity_type).where(ContactActivity.contact_id == contact.id)
    return [each for each in db.session.scalars(found.order_by(ContactActivity.id)) if each.startswith("email_")]


def suppressed() -> dict[str, str]:
    return dict(db.session.execute(sa.select(Suppression.address, Suppression.kind)).all())


def as_stored(message) -> tuple:
    return message.status, message.bounce_type, message.complained_at is not None


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_dead_address_is_given_up(tell, message, carla, carrier):
    more = {"token": report_headers(message.id)[0].partition(": ")[2]} if carrier == "postmark" else {}
    assert tell(carrier, "hard", **more) == 200
    assert as_stored(message) == ("failed", "hard", False)
    assert "5.1.1" in message.reason
    assert suppressed() == {"carla@example.com": "hard"}
    assert kinds(carla) == ["email_sent", "email_bounced"]


@pytest.mark.parametrize("carrier", ["ses", "sendgrid", "mailgun", "brevo", "generic"])
def test_delivered_complained_and_refused(tell, message, carla, carrier):
    assert tell(carrier, "delivered", number="1") == 200
    assert as_stored(message) == ("delivered", None, False)
    assert tell(carrier, "complaint", number="2") == 200
    assert as_stored(message) == ("delivered", None, True)
    assert suppressed() == {"carla@example.com": "complaint"}
    assert in_force("carla@example.com").reason == "complaint"
    assert tell(carrier, "blocked", number="3") == 200
    assert as_stored(message) == ("failed", "blocked", True)
    assert kinds(carla) == ["email_sent", "email_unsubscribed", "email_complained", "email_bounced"]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_door_without_a_secret_is_closed(tell, app, message, carrier):
    app.config.update(dict.fromkeys(SETTINGS, ""))
    assert tell(carrier, "hard") == 403
    assert (message.status, suppressed()) == ("sent", {})


@pytest.mark.parametrize("carrier", CARRIERS)
def test_unsigned_and_wrongly_signed_is_refused(doors, anonymous, message, carrier):
    body, headers = CARRIERS[carrier]("hard", message)
    wrong = {"Authorization": "Bearer wrong", "X-Cohort-Signature": "sha256=00"}
    altered = body.replace(b"arla@example.com", b"arlo@example.com")
    if carrier == "mailgun":
        altered = body.replace(b'"signature": "', b'"signature": "0')
    attempts = [(altered, {}), (altered, wrong), (b"", headers), (b"{}", {}), (b"[" * 100_000, headers)]
    if carrier not in {"postmark", "brevo", "mailgun"}:
        attempts.append((altered, headers))
    codes = [
        anonymous.post(f"/api/webhooks/email/{carrier}", data=each, headers=more).status_code for each, more in attempts
    ]
    assert set(codes) <= {400, 403}, codes
    db.session.expire_all()
    assert (message.status, suppressed()) == ("sent", {})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MailReport)) == 0


def test_an_unknown_carrier_is_not_found(anonymous):
    assert anonymous.post("/api/webhooks/email/pigeon", data=b"{}").status_code == 404
    assert anonymous.get("/api/webhooks/email/ses").status_code == 405


def test_a_body_beyond_the_limit_is_refused(doors, anonymous):
    assert anonymous.post("/api/webhooks/email/generic", data=b" " * (4 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("carrier", CARRIERS)
def test_told_five_times_it_happens_once(tell, message, carla, carrier):
    more = {"token": report_headers(message.id)[0].partition(": ")[2]} if carrier == "postmark" else {}
    assert [tell(carrier, "hard", **more) for _ in range(5)] == [200] * 5
    assert kinds(carla) == ["email_sent", "email_bounced"]


def test_any_order_ends_the_same(tell, carla):
    ends = set()
    for number, order in enumerate(itertools.permutations(["soft", "delivered", "hard", "complaint"])):
        db.session.execute(sa.delete(Suppression))
        one = sent(carla, visit_no=number + 1, is_marketing=False)
        one.message_id = f"<{one.id}@school.example>"
        commit()
        for kind in order:
            assert tell("generic", kind, one, number=f"{kind}{one.id}") == 200
        ends.add((as_stored(one), tuple(suppressed().items())))
    assert ends == {(("failed", "hard", True), (("carla@example.com", "complaint"),))}


def test_a_delivery_after_a_bounce_for_now_holds(tell, message):
    tell("generic", "delivered", number="1")
    tell("generic", "soft", number="2")
    assert as_stored(message) == ("delivered", None, False)


def test_a_message_whose_end_was_unknown_is_settled(tell, carla):
    (one,) = queue([carla], visit_no=1)
    one.status, one.message_id, one.to_address = "unknown", "<u1@school.example>", carla.email
    commit()
    tell("generic", "delivered", one)
    assert one.status == "delivered"
    assert one.sent_at is not None
    assert kinds(carla) == ["email_sent", "email_sent"]


def test_a_report_that_comes_before_our_own_result_waits_for_it(tell, message):
    message.status = "sending"
    commit()
    assert tell("generic", "delivered") == 200
    assert message.status == "sending"
    message.status = "sent"
    commit()
    assert effects.apply_waiting(clock.now()) == 1
    db.session.expire_all()
    assert message.status == "delivered"


def test_a_bounce_of_a_mail_never_sent_is_only_kept(tell, doors, anonymous):
    body, headers = signed(
        {"id": "9", "type": "bounced", "email": "x@example.com", "message_id": "<no@x>", "status": "5.1.1"}
    )
    assert anonymous.post("/api/webhooks/email/generic", data=body, headers=headers).json == {"taken": 1}
    assert suppressed() == {}


def test_a_forged_token_names_nothing(tell, message):
    assert tell("postmark", "hard", token=f"{message.id}~AAAA") == 200
    assert message.status == "sent"


def test_a_thousand_at_once(tell, doors, anonymous, app):
    contacts = [factories.contact(email=f"p{n}@example.com") for n in range(20)]
    mails = queue(contacts)
    for each in mails:
        each.status, each.to_address, each.message_id = "sent", each.contact.email, f"<{each.id}@s.example>"
    commit()
    events = [
        {"email": each.to_address, "event": "bounce", "sg_event_id": f"{each.id}-{n}", "smtp-id": each.message_id,
         "timestamp": carriers.NOW, "status": "5.1.1"}
        for each in mails for n in range(50)
    ]  # fmt: skip
    body, headers = carriers.sendgrid("hard", mails[0], events=events)
    statements = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    reply = anonymous.post("/api/webhooks/email/sendgrid", data=body, headers=headers)
    assert reply.json == {"taken": 1000}
    assert len(suppressed()) == 20
    assert len(set(statements)) == len(statements) or len(statements) < 60, statements


def test_a_mailgun_token_is_good_for_one_content(tell, doors, anonymous, message):
    body, headers = carriers.mailgun("delivered", message)
    forged = json.loads(body)
    assert anonymous.post("/api/webhooks/email/mailgun", data=body).status_code == 200
    forged["event-data"] |= {"event": "complained", "id": "other"}
    assert anonymous.post("/api/webhooks/email/mailgun", json=forged).status_code == 403
    assert anonymous.post("/api/webhooks/email/mailgun", data=body).status_code == 200
    db.session.expire_all()
    assert (message.complained_at, suppressed()) == (None, {})


def test_an_old_signature_is_refused(tell, monkeypatch, message):
    monkeypatch.setattr(carriers, "NOW", carriers.NOW - 3600)
    assert (tell("sendgrid", "hard"), tell("mailgun", "hard"), message.status) == (403, 403, "sent")


def test_sns_signs_with_either_version(tell, message):
    assert tell("ses", "delivered", version="1") == 200
    assert message.status == "delivered"


@pytest.mark.parametrize(
    "more",
    [
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:theirs"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.test/SimpleNotificationService-0123abcd.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ffff.pem"},
        {"SignatureVersion": "3"},
    ],
)
def test_sns_from_elsewhere_is_refused(doors, anonymous, more):
    body, headers = sns({"notificationType": "Bounce"}, **more)
    assert anonymous.post("/api/webhooks/email/ses", data=body, headers=headers).status_code == 403


def test_words_of_a_carrier_are_shown_as_words(tell, as_ada, message):
    tell("generic", "hard", reason="<script>alert(1)</script>")
    page = as_ada.get(f"/messages/{message.id}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_our_token_is_in_the_headers_of_carriers_that_are_open(doors, message):
    names = {line.partition(":")[0] for line in report_headers(message.id)}
    assert names == {
        "X-Cohort-Message",
        "X-SMTPAPI",
        "X-Mailgun-Variables",
        "X-PM-Metadata-cohort",
        "X-PM-KeepID",
        "X-Mailin-custom",
    }


def test_three_bounces_for_now_in_any_order_but_not_with_a_delivery_since(tell, carla):
    def mails(count):
        made = [sent(carla, visit_no=each + 1) for each in range(count)]
        for each in made:
            each.message_id = f"<{each.id}@school.example>"
        commit()
        return made

    one, two, three, four = mails(4)
    for number, each in enumerate((one, two, two)):
        tell("generic", "soft", each, number=str(number), at=carriers.NOW + number)
    assert suppressed() == {}
    tell("generic", "soft", three, number="9", at=carriers.NOW + 20)
    assert suppressed() == {"carla@example.com": "soft"}
    tell("generic", "delivered", four, number="10", at=carriers.NOW + 15)
    assert suppressed() == {}


def test_no_reports_are_lost_or_doubled_by_generic_shapes(tell, message):
    assert tell("generic", "delivered", at="soon", reason=None, status=5) == 200
    assert tell("generic", "delivered", number="2", type="eaten") == 400
    assert tell("generic", "delivered", number="3", at=1e300, email={"a": 1}, message_id=[]) == 200


def test_generic_takes_one_event_alone(doors, anonymous, message):
    body, headers = generic("delivered", message)
    one, headers = signed(json.loads(body)["events"][0])
    assert anonymous.post("/api/webhooks/email/generic", data=one, headers=headers).status_code == 200
    db.session.expire_all()
    assert message.status == "delivered"
