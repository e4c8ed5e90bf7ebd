"""Reports in the shapes carriers really send: field names, event names, times with seven digits of a second, what stands beside.

The values are made up; the shapes are those of the carriers' documentation and of what was captured by others who take them in.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from crm.contacts.operations import update_contact
from crm.lib import clock
from crm.preferences.choices import preferences_of
from crm.preferences.queries import in_force
from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    DEFERRED,
    DELIVERED,
    HARD,
    SOFT,
    UNSUBSCRIBED,
    Notice,
)  # fmt: skip
from crm.providers.reports import REPORTERS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENDGRID = {
    "email": "carla@example.com", "timestamp": int(NOW.timestamp()), "smtp-id": "<7.1.ab@school.example>", "sg_event_id": "lC0Rc-Fu",
    "sg_message_id": "Lli-03Hc.filter0077p1las1.21536.5717FC482.0", "category": ["news"], "cohort": "7~mac",
}  # fmt: skip
MAILGUN = {
    "id": "hTWCTD81", "timestamp": NOW.timestamp() + 0.153125, "recipient": "carla@example.com", "recipient-domain": "example.com",
    "log-level": "info", "tags": [], "campaigns": [], "user-variables": {"cohort": "7~mac"}, "flags": {"is-test-mode": False},
    "envelope": {"sender": "school@school.example", "targets": "carla@example.com", "transport": "smtp"},
    "message": {"headers": {"message-id": "7.1.ab@school.example", "to": "carla@example.com"}, "attachments": [], "size": 809},
}  # fmt: skip
POSTMARK = {
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "ServerID": 23, "MessageStream": "outbound", "Tag": "news",
    "Metadata": {"cohort": "7~mac"},
}  # fmt: skip
BOUNCE = {
    **POSTMARK, "ID": 901542550, "TypeCode": 1, "Name": "A bounce", "Email": "carla@example.com", "From": "school@school.example",
    "BouncedAt": "2026-03-02T04:00:00.3963933-05:00", "DumpAvailable": True, "Inactive": True, "CanActivate": True, "Subject": "Hi",
    "Description": "In words.", "Content": "...",
}  # fmt: skip
CHANGE = {
    **POSTMARK, "RecordType": "SubscriptionChange", "ChangedAt": "2026-03-02T09:00:00Z", "Recipient": "carla@example.com",
    "Origin": "Recipient", "SuppressSending": True, "SuppressionReason": "ManualSuppression",
}  # fmt: skip
BREVO = {
    "email": "carla@example.com", "id": 999, "message-id": "<7.1.ab@school.example>", "date": "2026-03-02 10:00:00", "subject": "Hi",
    "ts": int(NOW.timestamp()), "ts_event": int(NOW.timestamp()), "ts_epoch": int(NOW.timestamp()) * 1000, "X-Mailin-custom": "7~mac",
    "tags": ["news"], "sending_ip": "192.0.2.1",
}  # fmt: skip
SES_MAIL = {
    "timestamp": "2026-03-02T08:59:58.237Z", "source": "school@school.example", "messageId": "0000-abc", "headersTruncated": False,
    "destination": ["carla@example.com"],
    "headers": [{"name": "Message-ID", "value": "<7.1.ab@school.example>"}, {"name": "X-Cohort-Message", "value": "7~mac"}],
    "commonHeaders": {"messageId": "<7.1.ab@school.example>", "subject": "Hi"},
}  # fmt: skip
WHO = {
    "emailAddress": "carla@example.com",
    "action": "failed",
    "status": "5.1.1",
    "diagnosticCode": "smtp; 550 5.1.1 unknown",
}


def bounced(kind, status="5.1.1", **more):
    told = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [{**WHO, "status": status}], **more}
    return {"notificationType": "Bounce", "mail": SES_MAIL, "bounce": {**told, "timestamp": "2026-03-02T09:00:00.101Z", "feedbackId": "f1"}}  # fmt: skip


def subscription(**new):
    """A change in SES's own list management, by the link or header in a mail."""
    old = {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "News", "subscriptionStatus": "OptIn"}, {"topicName": "Fairs", "subscriptionStatus": "OptOut"}]}  # fmt: skip
    told = {"contactList": "Readers", "timestamp": "2026-03-02T09:00:00.000Z", "source": "UnsubscribeHeader"}
    return {"eventType": "Subscription", "mail": SES_MAIL, "subscription": {**told, "newTopicPreferences": {**old, **new}, "oldTopicPreferences": old}}  # fmt: skip


def topics(**status):
    return [{"topicName": name, "subscriptionStatus": how} for name, how in status.items()]


def parsed(carrier, told):
    body = {"mailgun": {"signature": {}, "event-data": told}, "sendgrid": [told]}.get(carrier, told)
    if carrier == "ses":
        body = {"Type": "Notification", "MessageId": "n1", "Subject": "Amazon SES Email Event Notification", "Message": json.dumps(told) + "\n"}  # fmt: skip
    return REPORTERS[carrier].parse(Notice(json.dumps(body).encode(), {}, "", NOW))


@pytest.mark.parametrize(
    ("carrier", "told", "kind"),
    [
        ("sendgrid", {**SENDGRID, "event": "processed"}, None),
        ("sendgrid", {**SENDGRID, "event": "delivered", "response": "250 2.0.0 OK 1461095248 - gsmtp ", "ip": "192.0.2.1", "tls": 1}, DELIVERED),
        ("sendgrid", {**SENDGRID, "event": "deferred", "response": "400 try again later", "attempt": "5"}, DEFERRED),
        ("sendgrid", {**SENDGRID, "event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user", "bounce_classification": "Invalid Address"}, HARD),
        ("sendgrid", {**SENDGRID, "event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 mailbox full", "bounce_classification": "Mailbox Unavailable"}, SOFT),
        ("sendgrid", {**SENDGRID, "event": "bounce", "type": "blocked", "status": "5.0.0", "reason": "500 unknown recipient", "bounce_classification": "Unclassified"}, BLOCKED),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Bounced Address", "status": "5.0.0"}, HARD),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Spam Reporting Address"}, COMPLAINT),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Unsubscribed Address"}, None),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Invalid"}, HARD),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Invalid SMTPAPI header"}, BLOCKED),
        ("sendgrid", {**SENDGRID, "event": "dropped", "reason": "Recipient List over Package Quota"}, BLOCKED),
        ("sendgrid", {**SENDGRID, "event": "spamreport"}, COMPLAINT),
        ("sendgrid", {**SENDGRID, "event": "unsubscribe"}, UNSUBSCRIBED),
        ("sendgrid", {**SENDGRID, "event": "group_unsubscribe", "asm_group_id": 10}, UNSUBSCRIBED),
        ("sendgrid", {**SENDGRID, "event": "group_resubscribe", "asm_group_id": 10}, None),
        ("sendgrid", {**SENDGRID, "event": "click", "url": "https://school.example/", "useragent": "x"}, None),
        ("mailgun", {**MAILGUN, "event": "delivered", "delivery-status": {"code": 250, "message": "OK", "description": "", "tls": True}}, DELIVERED),
        ("mailgun", {**MAILGUN, "event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550, "message": "5.1.1 no such\n5.1.1 account", "description": ""}}, HARD),
        ("mailgun", {**MAILGUN, "event": "failed", "severity": "permanent", "reason": "suppress-bounce", "delivery-status": {"code": 605, "message": "", "description": "Not delivering to previously bounced address"}}, HARD),
        ("mailgun", {**MAILGUN, "event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe", "delivery-status": {"code": 606, "message": ""}}, None),
        ("mailgun", {**MAILGUN, "event": "failed", "severity": "temporary", "reason": "greylisted", "delivery-status": {"code": 450, "message": "Greylisted", "retry-seconds": 300}}, DEFERRED),
        ("mailgun", {**MAILGUN, "event": "complained"}, COMPLAINT),
        ("mailgun", {**MAILGUN, "event": "unsubscribed", "client-info": {"client-type": "browser"}, "ip": "192.0.2.1"}, UNSUBSCRIBED),
        ("mailgun", {**MAILGUN, "event": "opened"}, None),
        ("postmark", {**POSTMARK, "RecordType": "Delivery", "Recipient": "carla@example.com", "DeliveredAt": "2026-03-02T09:00:00.2735393Z", "Details": "250 ok"}, DELIVERED),
        ("postmark", {**BOUNCE, "RecordType": "Bounce", "Type": "HardBounce", "Details": "smtp;550 5.1.1 no such account"}, HARD),
        ("postmark", {**BOUNCE, "RecordType": "Bounce", "Type": "SoftBounce", "TypeCode": 4096, "Details": "smtp;452 4.2.2 full"}, SOFT),
        ("postmark", {**BOUNCE, "RecordType": "Bounce", "Type": "SpamNotification", "TypeCode": 512, "Details": "smtp;554 spam"}, BLOCKED),
        ("postmark", {**BOUNCE, "RecordType": "Bounce", "Type": "AutoResponder", "TypeCode": 64, "Details": ""}, None),
        ("postmark", {**BOUNCE, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 100001, "Details": ""}, COMPLAINT),
        ("postmark", CHANGE, UNSUBSCRIBED),
        ("postmark", {**CHANGE, "SuppressionReason": "HardBounce"}, HARD),
        ("postmark", {**CHANGE, "SuppressionReason": "SpamComplaint"}, COMPLAINT),
        ("postmark", {**CHANGE, "Origin": "Customer"}, None),
        ("postmark", {**CHANGE, "SuppressSending": False, "SuppressionReason": None}, None),
        ("postmark", {**POSTMARK, "RecordType": "Open", "Recipient": "carla@example.com", "FirstOpen": True}, None),
        ("brevo", {**BREVO, "event": "request"}, None),
        ("brevo", {**BREVO, "event": "delivered"}, DELIVERED),
        ("brevo", {**BREVO, "event": "hard_bounce", "reason": " RecipientError: 550 5.5.0 mailbox unavailable."}, HARD),
        ("brevo", {**BREVO, "event": "soft_bounce", "reason": "undefined Unable to find MX of domain no-mx.example.com"}, SOFT),
        ("brevo", {**BREVO, "event": "blocked", "reason": "blocked : due to blacklist user"}, BLOCKED),
        ("brevo", {**BREVO, "event": "deferred", "reason": "450 later"}, DEFERRED),
        ("brevo", {**BREVO, "event": "invalid_email", "reason": "not an address"}, HARD),
        ("brevo", {**BREVO, "event": "spam"}, COMPLAINT),
        ("brevo", {**BREVO, "event": "unsubscribed"}, UNSUBSCRIBED),
        ("brevo", {**BREVO, "event": "unique_proxy_open"}, None),
        ("ses", bounced("Permanent", reportingMTA="dns; email.example.com", remoteMtaIp="192.0.2.1"), HARD),
        ("ses", bounced("Permanent", "", bounceSubType="OnAccountSuppressionList"), HARD),
        ("ses", bounced("Transient", "4.4.7"), SOFT),
        ("ses", bounced("Transient", "", bounceSubType="ContentRejected"), BLOCKED),
        ("ses", bounced("Undetermined", "", bounceSubType="Undetermined"), SOFT),
        ("ses", {"eventType": "Complaint", "mail": SES_MAIL, "complaint": {"complainedRecipients": [{"emailAddress": "carla@example.com"}], "timestamp": "2026-03-02T09:00:00.000Z", "feedbackId": "f2", "complaintFeedbackType": "abuse", "userAgent": "x"}}, COMPLAINT),
        ("ses", {"notificationType": "Delivery", "mail": SES_MAIL, "delivery": {"timestamp": "2026-03-02T09:00:00.000Z", "recipients": ["carla@example.com"], "smtpResponse": "250 ok", "processingTimeMillis": 546}}, DELIVERED),
        ("ses", {"eventType": "DeliveryDelay", "mail": SES_MAIL, "deliveryDelay": {"timestamp": "2026-03-02T09:00:00.000Z", "delayType": "TransientCommunicationFailure", "delayedRecipients": [{"emailAddress": "carla@example.com", "status": "4.4.1"}]}}, DEFERRED),
        ("ses", {"eventType": "Reject", "mail": SES_MAIL, "reject": {"reason": "Bad content"}}, BLOCKED),
        ("ses", {"eventType": "Rendering Failure", "mail": SES_MAIL, "failure": {"errorMessage": "x", "templateName": "y"}}, None),
        ("ses", subscription(unsubscribeAll=True), UNSUBSCRIBED),
        ("ses", subscription(topicSubscriptionStatus=topics(News="OptOut", Fairs="OptOut")), UNSUBSCRIBED),
        ("ses", subscription(topicSubscriptionStatus=topics(News="OptIn", Fairs="OptIn")), None),
        ("ses", subscription(topicSubscriptionStatus="odd"), None),
        ("ses", subscription(), None),
        ("ses", {"eventType": "Send", "mail": SES_MAIL, "send": {}}, None),
        ("ses", {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed"}, None),
    ],
)  # fmt: skip
def test_a_report_is_read_as_its_carrier_sends_it(carrier, told, kind):
    events = parsed(carrier, told)
    assert [each.kind for each in events] == ([kind] if kind else [])
    for each in events:
        assert (each.address, each.token) == ("carla@example.com", "7~mac")
        assert abs(each.at - NOW) < timedelta(seconds=1)
        assert carrier == "postmark" or each.message_id.strip("<>") == "7.1.ab@school.example"


def test_two_changes_at_postmark_are_two_reports():
    ids = {parsed("postmark", {**CHANGE, "ChangedAt": f"2026-03-0{day}T09:00:00Z"})[0].event_id for day in (1, 2)}
    assert len(ids) == 2


def test_two_changes_at_ses_are_two_reports_one_told_again_is_one():
    once, later = (subscription(unsubscribeAll=True) for _ in range(2))
    later["subscription"]["timestamp"] = "2026-03-05T09:00:00.000Z"
    assert len({parsed("ses", each)[0].event_id for each in (once, once, later)}) == 2


@pytest.mark.parametrize("carrier", ["ses", "brevo", "sendgrid", "mailgun", "generic"])
def test_whoever_left_at_the_carrier_left(tell, message, carla, carrier):
    assert tell(carrier, "unsubscribed") == 200
    assert in_force("carla@example.com").email_message_id == message.id
    assert message.status == "sent"
    assert clock.now() - in_force("carla@example.com").unsubscribed_at < timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["unsubscribed", "complaint"])
def test_whoever_has_another_address_by_now_left_there_too(tell, message, carla, mo, kind):
    update_contact(carla, {"email": "new@example.com"}, mo.actor)
    assert tell("generic", kind) == 200
    assert in_force("carla@example.com")
    assert preferences_of(carla).marketing_emails is False
