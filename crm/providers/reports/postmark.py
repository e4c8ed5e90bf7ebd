"""Postmark's webhooks: one record, behind the user name and password of HTTP Basic authentication.

Postmark's documentation: “Bounce webhook”, “Delivery webhook”, “Spam complaint webhook” and “Bounce types”
(postmarkapp.com/developer/webhooks).
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


class Postmark:
    """Postmark by ActiveCampaign."""

    key = "postmark"
    label = "Postmark"
    setting = "EMAIL_WEBHOOK_POSTMARK_SECRET"
    advice = "Servers → Message Stream → Webhooks: this address with delivery, bounce and spam complaint, and basic auth credentials; user:password is the setting."

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
        event_id = text(record.get("ID")) or f"{record.get('RecordType')}:{number}:{address}"
        at = record.get("BouncedAt") or record.get("DeliveredAt")
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
    return None, reason
