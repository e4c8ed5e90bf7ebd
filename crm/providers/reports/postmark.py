"""Postmark's webhooks: one record, behind the user name and password of HTTP Basic authentication.

Postmark's documentation: “Bounce webhook”, “Delivery webhook”, “Spam complaint webhook”, “Subscription change webhook” and “Bounce
types” (postmarkapp.com/developer/webhooks), whose metadata name our message. Postmark gives each mail a Message-ID of its own unless
X-PM-KeepID asks it not to (“Sending email with SMTP” in its user guide; its own swiftmailer-postmark sends it along with each
Message-ID): replies and bounces that come to a mailbox are known by that.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from crm.providers.mail_reports import (
    BLOCKED,
    COMPLAINT,
    DELIVERED,
    HARD,
    SOFT,
    TOKEN,
    UNSUBSCRIBED,
    MailEvent,
    Notice,
    Untrusted,
    kind_of,
    moment,
    part,
    read_json,
    read_object,
    same,
    text,
)  # fmt: skip

TYPES = {
    "HardBounce": HARD, "BadEmailAddress": HARD, "Transient": SOFT, "SoftBounce": SOFT, "DnsError": SOFT, "Unknown": SOFT,
    "SpamNotification": BLOCKED, "VirusNotification": BLOCKED, "Blocked": BLOCKED, "DMARCPolicy": BLOCKED,
    "SMTPApiError": BLOCKED, "SpamComplaint": COMPLAINT,
}  # fmt: skip
"""What says something about the address or about us; auto-replies and the like say nothing."""


STOPPED = {"HardBounce": HARD, "SpamComplaint": COMPLAINT, "ManualSuppression": UNSUBSCRIBED}
"""Why Postmark sends no more to somebody; what the account's own staff stopped says nothing of the reader."""


class Postmark:
    """Postmark by ActiveCampaign."""

    key = "postmark"
    label = "Postmark"
    setting = "EMAIL_WEBHOOK_POSTMARK_SECRET"
    advice = "Servers → Message Stream → Webhooks: this address with delivery, bounce, spam complaint and subscription change, and basic auth credentials; user:password is the setting."

    def headers(self, token: str) -> Mapping[str, str]:
        return {f"X-PM-Metadata-{TOKEN}": token, "X-PM-KeepID": "true"}

    def check(self, notice: Notice) -> None:
        wanted = "Basic " + base64.b64encode(notice.secret.encode()).decode()
        if not same(notice.headers.get("authorization", ""), wanted):
            raise Untrusted("The user name or password is wrong.")

    def once(self, notice: Notice) -> str:  # noqa: ARG002
        return ""

    def parse(self, notice: Notice) -> list[MailEvent]:
        record = read_object(read_json(notice.body))
        number, address = text(record.get("MessageID")), text(record.get("Email") or record.get("Recipient"))
        kind, reason = _judged(record)
        if kind is None:
            return []
        at = record.get("BouncedAt") or record.get("DeliveredAt") or record.get("ChangedAt")
        event_id = text(record.get("ID")) or ":".join(
            filter(None, map(text, (record.get("RecordType"), number, address, record.get("ChangedAt"))))
        )
        token = text(part(record, "Metadata", TOKEN))
        return [MailEvent(kind, event_id, address, number, token, reason, moment(at, notice.at))]


def _judged(record: Mapping[str, Any]) -> tuple[str | None, str]:
    reason = text(record.get("Details") or record.get("Description"))
    match record.get("RecordType"):
        case "Delivery":
            return DELIVERED, reason
        case "SpamComplaint":
            return COMPLAINT, reason
        case "Bounce":
            kind = TYPES.get(text(record.get("Type")))
            return (kind_of(reason) if kind == HARD else kind), reason
        case "SubscriptionChange" if record.get("SuppressSending") is True and record.get("Origin") != "Admin":
            why = text(record.get("SuppressionReason"))
            is_own = why != "ManualSuppression" or record.get("Origin") == "Recipient"
            return (STOPPED.get(why) if is_own else None), f"Postmark: {why}"
    return None, reason
